"""Hashers: costs, and the formats of others as they themselves make them."""

import pytest
from django.conf import settings as django_settings
from django.contrib.auth import hashers as django_hashers
from werkzeug.security import generate_password_hash

from spruce.auth import hashers
from spruce.errors import ConfigError

if not django_settings.configured:
    django_settings.configure()

OURS = {
    "argon2": hashers.Argon2PasswordHasher(),
    "pbkdf2_sha256": hashers.PBKDF2PasswordHasher(),
    "pbkdf2_sha1": hashers.PBKDF2SHA1PasswordHasher(),
    "scrypt": hashers.ScryptPasswordHasher(),
    "bcrypt_sha256": hashers.BCryptSHA256PasswordHasher(),
    "bcrypt": hashers.BCryptPasswordHasher(),
}
THEIRS = {
    "argon2": django_hashers.Argon2PasswordHasher(),
    "pbkdf2_sha256": django_hashers.PBKDF2PasswordHasher(),
    "pbkdf2_sha1": django_hashers.PBKDF2SHA1PasswordHasher(),
    "scrypt": django_hashers.ScryptPasswordHasher(),
    "bcrypt_sha256": django_hashers.BCryptSHA256PasswordHasher(),
    "bcrypt": django_hashers.BCryptPasswordHasher(),
}


def test_new_passwords_are_argon2id_at_the_cost_of_owasp_asvs_11_4_2() -> None:
    """19 MiB, two passes, one lane, 128 bits of salt or more, 256 bits of hash."""
    ours = OURS["argon2"]
    encoded = ours.encode("secret", ours.salt())
    assert encoded.startswith("argon2$argon2id$v=19$m=19456,t=2,p=1$")
    assert len(ours.salt()) >= 22
    assert ours.verify("secret", encoded)
    assert not ours.verify("Secret", encoded)
    assert not ours.must_update(encoded)


@pytest.fixture(autouse=True)
def _cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fewer rounds, on both sides: what is looked at are texts, not costs."""
    for kind in (hashers.PBKDF2PasswordHasher, django_hashers.PBKDF2PasswordHasher):
        monkeypatch.setattr(kind, "iterations", 1000)
    for bcrypt in (hashers.BCryptSHA256PasswordHasher, django_hashers.BCryptSHA256PasswordHasher):
        monkeypatch.setattr(bcrypt, "rounds", 4)


@pytest.mark.parametrize("name", list(OURS))
def test_what_django_has_made_is_understood_and_the_other_way_round(name: str) -> None:
    ours, theirs = OURS[name], THEIRS[name]
    made = theirs.encode("lètmein", theirs.salt())
    assert ours.knows(made)
    assert ours.verify("lètmein", made)
    assert not ours.verify("letmein", made)
    encoded = ours.encode("lètmein", ours.salt())
    assert theirs.verify("lètmein", encoded)
    assert not ours.must_update(encoded)


def test_a_django_hash_of_another_cost_is_to_be_made_anew() -> None:
    cheap = OURS["pbkdf2_sha256"].encode("x", "abcdefghijklmnopqrstuv", 10)  # type: ignore[call-arg] # PBKDF2 has rounds
    assert OURS["pbkdf2_sha256"].verify("x", cheap)
    assert OURS["pbkdf2_sha256"].must_update(cheap)
    assert OURS["argon2"].must_update(THEIRS["argon2"].encode("x", THEIRS["argon2"].salt()))
    assert OURS["argon2"].must_update("argon2$nonsense")
    assert OURS["argon2"].must_update(OURS["argon2"].encode("x", "shortsalt"))
    assert OURS["scrypt"].must_update("scrypt$2$x$8$1$x")
    assert OURS["bcrypt"].must_update("bcrypt$$2b$05$x")


@pytest.mark.parametrize("method", ["scrypt", "pbkdf2:sha256:1000", "pbkdf2:sha512:1000"])
def test_what_werkzeug_has_made_is_understood(method: str) -> None:
    ours = hashers.WerkzeugPasswordHasher()
    made = generate_password_hash("lètmein", method)
    assert ours.knows(made)
    assert ours.verify("lètmein", made)
    assert not ours.verify("letmein", made)
    assert ours.must_update(made)


def test_werkzeugs_hasher_makes_none() -> None:
    with pytest.raises(ConfigError, match=r"^WerkzeugPasswordHasher makes no new hashes\. Put another one first"):
        hashers.WerkzeugPasswordHasher().encode("x", "y")


@pytest.mark.parametrize(
    "encoded",
    [
        "pbkdf2_sha256$many$salt$hash",
        "pbkdf2_sha256$999999999999$salt$hash",
        "pbkdf2_sha256$10",
        "scrypt$1073741824$salt$8$1$hash",
        "scrypt$3$salt$8$1$hash",
        "scrypt$",
        "argon2$",
        "argon2$argon2id$v=19$m=4194304,t=2,p=1$c2FsdHNhbHQ$aGFzaGhhc2hoYXNoaGFzaA",
        "bcrypt_sha256$nonsense",
        "scrypt:1:2$salt$hash",
        "scrypt:1073741824:8:1$salt$hash",
        "pbkdf2:sha256:999999999999$salt$hash",
        "pbkdf2:nonsense:1$salt$hash",
    ],
)
def test_a_damaged_text_or_one_that_would_exhaust_the_server_fits_no_password(encoded: str) -> None:
    ours = next(one for one in [*OURS.values(), hashers.WerkzeugPasswordHasher()] if one.knows(encoded))
    assert ours.verify("secret", encoded) is False


def test_bcrypt_over_sha256_cuts_nothing_off_asvs_6_2_8() -> None:
    ours = OURS["bcrypt_sha256"]
    encoded = ours.encode("a" * 72 + "b", ours.salt())
    assert not ours.verify("a" * 72 + "c", encoded)


def test_a_hasher_alone_does_nothing() -> None:
    with pytest.raises(NotImplementedError):
        hashers.BasePasswordHasher().encode("x", "y")
    with pytest.raises(NotImplementedError):
        hashers.BasePasswordHasher().verify("x", "y")
    assert not hashers.BasePasswordHasher().must_update("x")
