"""Failed log-ins: who waits, how long, and who never does for what others have done."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from tests.auth.people import PASSWORD, CountingHasher

from spruce import App, Request, Response
from spruce.auth.throttling import (
    DEVICE_COOKIE,
    LoginThrottle,
    account_of,
    authenticate_throttled,
    remember_device,
    throttle,
)
from spruce.errors import TooManyAttempts
from spruce.http import Peer


class Clock:
    now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def counts(app: App, clock: Clock) -> Iterator[LoginThrottle]:
    with app.app_context():
        yield LoginThrottle(app.config, clock)


def by(address: str = "192.0.2.1", cookie: str = "") -> Request:
    headers = [(b"cookie", f"{DEVICE_COOKIE}={cookie}".encode())] if cookie else []
    return Request("POST", "/", headers, peer=Peer(client=(address, 1)))


def wait(counts: LoginThrottle, request: Request, name: str = "anna") -> int:
    """Fail once; the seconds to wait, 0 if the try was let through."""
    try:
        counts.attempt(request, name)
    except TooManyAttempts as error:
        return error.seconds
    return 0


def test_who_fails_often_waits_longer_each_time_asvs_6_3_1(counts: LoginThrottle, clock: Clock) -> None:
    assert [wait(counts, by()) for _ in range(5)] == [0] * 5
    waits = []
    for _ in range(12):
        waits.append(wait(counts, by()))
        clock.now += waits[-1]
        assert wait(counts, by()) == 0
    assert waits == [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900]


def test_while_one_waits_nothing_is_looked_at(app: App, anna: Any) -> None:
    """Not even a right password, and no hash is made."""
    with app.app_context():
        for _ in range(5):
            assert authenticate_throttled(by(), username="anna", password="wrong") is None
        CountingHasher.calls = 0
        with pytest.raises(TooManyAttempts) as caught:
            authenticate_throttled(by(), username="anna", password=PASSWORD)
        assert CountingHasher.calls == 0
        assert caught.value.headers == [("Retry-After", "1")]
        assert authenticate_throttled(by("192.0.2.2"), username="anna", password=PASSWORD) == anna


def test_an_unknown_name_waits_as_a_known_one_does_asvs_6_3_8(counts: LoginThrottle, anna: Any) -> None:
    for name in ("anna", "nobody"):
        assert [wait(counts, by(), name) for _ in range(6)] == [0, 0, 0, 0, 0, 1]


def test_all_ways_to_write_a_name_are_counted_together(counts: LoginThrottle) -> None:
    assert [wait(counts, by(), name) for name in ("anna", "ANNA", " anna ", "Anna", "ａｎｎａ", "anna")] == [0] * 5 + [
        1
    ]
    assert "anna" not in account_of("anna")


def test_a_right_password_takes_the_failures_back(counts: LoginThrottle) -> None:
    for _ in range(10):
        for _ in range(3):
            counts.attempt(by(), "anna")
        counts.attempt(by(), "anna").succeeded()


def test_an_account_whose_name_differs_in_capitals_takes_nothing_back_for_another(counts: LoginThrottle) -> None:
    """Otherwise who registers ANNA, and logs in to it now and then, guesses the password of anna for ever."""
    for _ in range(4):
        assert wait(counts, by(), "anna") == 0
    counts.attempt(by(), "ANNA").succeeded()
    assert [wait(counts, by(), "anna") for _ in range(2)] == [0, 1]


def test_a_browser_of_such_an_account_is_a_strangers_for_the_other(counts: LoginThrottle) -> None:
    many_fail(counts)
    assert wait(counts, by("198.51.100.201", device_cookie(by(), "ANNA"))) == 1
    assert wait(counts, by("198.51.100.201", device_cookie(by(), "ａnna"))) == 0


def test_others_do_not_wait_for_what_one_has_done(counts: LoginThrottle) -> None:
    """Neither another client at the account, nor the same one at another account."""
    while not wait(counts, by()):
        pass
    assert wait(counts, by("192.0.2.2")) == 0
    assert wait(counts, by(), "bo") == 0


def test_one_client_at_many_accounts_waits_too(counts: LoginThrottle, clock: Clock) -> None:
    """One password tried with many names. A right one of its own doesn't set the count back to nothing."""
    assert [wait(counts, by(), f"user{number}") for number in range(49)] == [0] * 49
    counts.attempt(by(), "own").succeeded()
    assert wait(counts, by(), "user50") == 0
    assert wait(counts, by(), "user51") == 1
    assert wait(counts, by("192.0.2.2"), "user51") == 0


def many_fail(counts: LoginThrottle) -> None:
    """Many addresses try one account until strangers have to wait."""
    for number in range(100):
        counts.attempt(by(f"198.51.100.{number}"), "anna")
    assert wait(counts, by("198.51.100.200")) == 1


def device_cookie(request: Request, name: str = "anna") -> str:
    response = Response()
    remember_device(request, response, name)
    cookie = response.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    return cookie.partition("=")[2].partition(";")[0]


def test_strangers_keep_nobody_out_of_an_account_asvs_6_3_1(counts: LoginThrottle) -> None:
    """A browser in which its owner has logged in before is counted by itself, whatever address it has."""
    known = device_cookie(by())
    many_fail(counts)
    assert wait(counts, by("198.51.100.201")) == 1
    assert wait(counts, by("198.51.100.1", known)) == 0
    assert [wait(counts, by("203.0.113.9", known)) for _ in range(5)] == [0, 0, 0, 0, 1]


def test_a_cookie_counts_for_the_accounts_in_it_and_if_it_is_ours(counts: LoginThrottle) -> None:
    of_bo = device_cookie(by(), "bo")
    both = device_cookie(by(cookie=of_bo), "anna")
    many_fail(counts)
    assert wait(counts, by("198.51.100.202", of_bo)) == 1
    assert wait(counts, by("198.51.100.203", both)) == 0
    assert wait(counts, by("198.51.100.204", both[:-9] + ("A" if both[-9] != "A" else "B") + both[-8:])) == 1
    assert wait(counts, by("198.51.100.205", "nonsense")) == 1


def test_strangers_wait_half_a_minute_at_most(counts: LoginThrottle, clock: Clock) -> None:
    many_fail(counts)
    for number in range(10):
        clock.now += 30
        assert wait(counts, by(f"203.0.113.{number}")) == 0
    assert wait(counts, by("203.0.113.99")) == 30


def test_tries_at_one_time_do_not_get_past(counts: LoginThrottle) -> None:
    """A try counts before its password is looked at."""
    tries = [counts.attempt(by(), "anna") for _ in range(5)]
    with pytest.raises(TooManyAttempts):
        counts.attempt(by(), "anna")
    tries[0].succeeded()
    assert wait(counts, by()) == 0


def test_a_cache_that_fails_does_not_let_everybody_try_asvs_16_5_3(
    make_app: Callable[..., App], caplog: pytest.LogCaptureFixture
) -> None:
    """Then the process counts by itself meanwhile."""
    app = make_app(CACHES={"default": "redis://127.0.0.1:1/0"})
    with app.app_context():
        counts = LoginThrottle(app.config, Clock())
        assert [wait(counts, by()) for _ in range(6)] == [0] * 5 + [1]
    assert "the cache cannot count log-ins, so this process does by itself" in caplog.text


def test_each_app_has_counts_of_its_own(app: App) -> None:
    with app.app_context():
        assert throttle() is throttle()
