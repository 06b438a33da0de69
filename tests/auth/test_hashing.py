"""Making and checking passwords: which hasher, how many at once, and when they are kept anew."""

import asyncio
import threading
from collections.abc import Iterator

import pytest
from tests.auth.people import CountingHasher

from spruce import config, green
from spruce.auth import hashing
from spruce.auth.hashers import Argon2PasswordHasher, PBKDF2PasswordHasher
from spruce.errors import ConfigError, GreenError, ServiceUnavailable


class Cheap(PBKDF2PasswordHasher):
    iterations = 2


@pytest.fixture(autouse=True)
def settings() -> Iterator[config.Settings]:
    made = config.Settings(PASSWORD_HASHERS=[CountingHasher(), Cheap()])
    token = config.use(made)
    yield made
    config.leave(token)


def test_the_default_hasher_is_argon2id_asvs_11_4_2() -> None:
    assert config.Settings()["PASSWORD_HASHERS"][0] == "spruce.auth.hashers.Argon2PasswordHasher"


def test_a_password_fits_as_it_was_typed_asvs_6_2_8() -> None:
    """No cut, no other capitals, no spaces taken off."""
    for password in ("x" * 200, " Mixed Case ", "пароль", "密码密码密码密码", "a\tb\x00c", ""):
        encoded = hashing.make_password(password)
        assert hashing.check_password(password, encoded)
        for other in (password + " ", password.swapcase() + "!", password[:-1] + "_"):
            assert not hashing.check_password(other, encoded)


def test_hashes_of_one_password_differ() -> None:
    assert hashing.make_password("x") != hashing.make_password("x")


def test_no_password_fits_what_was_made_of_none() -> None:
    encoded = hashing.make_password(None)
    assert encoded.startswith("!")
    assert not hashing.is_password_usable(encoded)
    assert not hashing.check_password("", encoded)
    assert not hashing.check_password(None, encoded)
    assert not hashing.check_password("x", None)
    assert not hashing.check_password("x", "")
    assert hashing.make_password(None) != encoded


def test_a_hash_of_another_kind_is_kept_anew_when_the_password_was_right() -> None:
    encoded = hashing.make_password("x", hasher="pbkdf2_sha256")
    kept: list[str] = []
    assert not hashing.check_password("y", encoded, kept.append)
    assert kept == []
    assert hashing.check_password("x", encoded, kept.append)
    assert kept == ["x"]
    assert hashing.check_password("x", hashing.make_password("x"), kept.append)
    assert kept == ["x"]


@pytest.mark.parametrize("encoded", [None, "", "!unusable", "what$is$this", "right"])
def test_one_hash_is_made_whatever_there_is_to_check_asvs_6_3_8(encoded: str | None) -> None:
    if encoded == "right":
        encoded = hashing.make_password("x")
    CountingHasher.calls = 0
    hashing.check_password("x", encoded)
    assert CountingHasher.calls == 1


def test_a_hasher_that_is_not_listed_is_an_error() -> None:
    with pytest.raises(ConfigError) as caught:
        hashing.make_password("x", hasher="md5")
    assert str(caught.value) == (
        "there is no password hasher 'md5' in PASSWORD_HASHERS. There are: 'argon2', 'pbkdf2_sha256'."
    )
    with pytest.raises(TypeError, match=r"^a password is a text, not bytes$"):
        hashing.make_password(b"x")  # type: ignore[arg-type] # the point of the test


def test_settings_that_name_no_hasher_are_errors(settings: config.Settings) -> None:
    settings["PASSWORD_HASHERS"] = ["spruce.auth.hashers.Nothing"]
    with pytest.raises(ConfigError, match=r"^PASSWORD_HASHERS has 'spruce\.auth\.hashers\.Nothing', which cannot be"):
        hashing.make_password("x")
    settings["PASSWORD_HASHERS"] = []
    with pytest.raises(ConfigError, match=r"^PASSWORD_HASHERS is empty, so no password can be kept$"):
        hashing.make_password("x")
    settings["PASSWORD_HASHERS"] = ["spruce.auth.hashers.Argon2PasswordHasher"]
    assert type(hashing.hashers()[0]) is Argon2PasswordHasher
    assert hashing.hashers() is hashing.hashers()


class Held(CountingHasher):
    """Waits until it is let go, and knows how many run at a time."""

    go = threading.Event()
    lock = threading.Lock()
    running = most = 0

    def encode(self, password: str, salt: str) -> str:
        with self.lock:
            Held.running += 1
            Held.most = max(Held.most, Held.running)
        self.go.wait(30)
        with self.lock:
            Held.running -= 1
        return super().encode(password, salt)


def test_hashes_run_beside_green_threads_and_a_few_at_a_time(settings: config.Settings) -> None:
    """Others go on meanwhile; as many as there may be wait, and the next one is told to come again."""
    settings["PASSWORD_HASHERS"] = [Held()]
    Held.go.clear()

    def main() -> list[str]:
        waiting = [green.spawn(hashing.make_password, "x") for _ in range(hashing.MOST_WAITING)]
        green.sleep(0)
        assert hashing.stats() == {"waiting": hashing.MOST_WAITING, "at_once": hashing.MOST_AT_ONCE}
        with pytest.raises(ServiceUnavailable) as caught:
            hashing.make_password("x")
        assert caught.value.headers == [("Retry-After", "2")]
        Held.go.set()
        return [thread.wait() for thread in waiting]

    made = green.run(main)
    assert len(set(made)) == hashing.MOST_WAITING
    assert Held.most <= hashing.MOST_AT_ONCE
    assert hashing.stats()["waiting"] == 0


def test_in_a_plain_thread_it_is_made_there() -> None:
    found: list[bool] = []
    thread = threading.Thread(target=lambda: found.append(Argon2PasswordHasher().verify("x", hash_of_x)))
    hash_of_x = hashing.make_password("x")
    thread.start()
    thread.join()
    assert found == [True]


def test_in_a_task_of_asyncio_it_is_an_error_that_says_so() -> None:
    async def view() -> None:
        hashing.make_password("x")

    with pytest.raises(GreenError):
        asyncio.run(view())
