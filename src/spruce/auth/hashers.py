"""The ways in which passwords are kept: Argon2id for new ones, and those of Django and Werkzeug for what is there.

A hasher works in the OS thread that calls it and takes tens of milliseconds; `hashing` calls it off the loop. Texts are
Django's, `algorithm$…`, so that tables go from one to the other; Werkzeug's begin with `scrypt:` or `pbkdf2:`. What a
text says of its own cost is believed up to a limit only, since it may come from an import.
"""

import base64
import hashlib
import hmac
import secrets
import string
from math import ceil, log2
from typing import Any, ClassVar

from spruce.errors import ConfigError

__all__ = [
    "Argon2PasswordHasher",
    "BCryptPasswordHasher",
    "BCryptSHA256PasswordHasher",
    "BasePasswordHasher",
    "PBKDF2PasswordHasher",
    "PBKDF2SHA1PasswordHasher",
    "ScryptPasswordHasher",
    "WerkzeugPasswordHasher",
]

_LETTERS = string.ascii_letters + string.digits
_MOST_MEMORY = 256 * 1024 * 1024
"""Bytes that one hash may ask for; what wants more was made to exhaust the server."""
_MOST_ROUNDS = 20_000_000
_ROUNDS_OF_WERKZEUG = 1_000_000


class BasePasswordHasher:
    """A way to keep passwords: `encode` makes the text, `verify` compares. Subclasses set costs, as Django's do."""

    algorithm: ClassVar[str] = ""
    salt_entropy: ClassVar[int] = 128
    """Bits of randomness in a salt."""

    def knows(self, encoded: str) -> bool:
        """Whether this hasher has made `encoded`."""
        return encoded.split("$", 1)[0] == self.algorithm

    def salt(self) -> str:
        """Return a new salt of letters and digits."""
        length = ceil(self.salt_entropy / log2(len(_LETTERS)))
        return "".join(secrets.choice(_LETTERS) for _ in range(length))

    def encode(self, password: str, salt: str) -> str:
        """Return the text to keep for a password."""
        raise NotImplementedError

    def verify(self, password: str, encoded: str) -> bool:
        """Whether this is the password, compared in constant time; False for a text that is damaged."""
        raise NotImplementedError

    def must_update(self, encoded: str) -> bool:
        """Whether it was made at another cost, or with a weaker salt, than a new one would be."""
        return False


class Argon2PasswordHasher(BasePasswordHasher):
    """Argon2id (RFC 9106) at the cost that OWASP asks for: 19 MiB, 2 passes, 1 lane; about 20 ms."""

    algorithm = "argon2"
    time_cost: ClassVar[int] = 2
    memory_cost: ClassVar[int] = 19 * 1024
    """In KiB."""
    parallelism: ClassVar[int] = 1

    def encode(self, password: str, salt: str) -> str:
        """Return `argon2$argon2id$v=19$m=…,t=…,p=…$salt$hash`."""
        import argon2.low_level  # loaded by who has passwords, not by every app

        made = argon2.low_level.hash_secret(
            password.encode(),
            salt.encode(),
            time_cost=self.time_cost,
            memory_cost=self.memory_cost,
            parallelism=self.parallelism,
            hash_len=32,
            type=argon2.low_level.Type.ID,
        )
        return self.algorithm + made.decode("ascii")

    def verify(self, password: str, encoded: str) -> bool:
        """Whether this is the password; also for `argon2i`, which Django made long ago."""
        import argon2  # the same

        plain = _behind(encoded)
        try:
            if self._parameters(encoded).memory_cost * 1024 > _MOST_MEMORY:
                return False
            return argon2.PasswordHasher().verify(plain, password)
        except (argon2.exceptions.VerificationError, argon2.exceptions.InvalidHash):
            return False

    def must_update(self, encoded: str) -> bool:
        """Whether it was made at another cost, or with a short salt."""
        import argon2  # the same

        try:
            found = self._parameters(encoded)
        except argon2.exceptions.InvalidHash:
            return True
        wanted = (self.time_cost, self.memory_cost, self.parallelism, 19, argon2.Type.ID)
        if found.salt_len * log2(len(_LETTERS)) < self.salt_entropy:
            return True
        return (found.time_cost, found.memory_cost, found.parallelism, found.version, found.type) != wanted

    def _parameters(self, encoded: str) -> Any:
        import argon2  # the same

        return argon2.extract_parameters(_behind(encoded))


def _behind(encoded: str) -> str:
    return "$" + encoded.partition("$")[2]


class _Digested(BasePasswordHasher):
    """Hashers that compare by hashing once more with the salt of the text."""

    fields: ClassVar[int] = 4

    def verify(self, password: str, encoded: str) -> bool:
        """Whether this is the password."""
        parts = encoded.split("$", self.fields - 1)
        try:
            return hmac.compare_digest(encoded, self._again(password, parts))
        except (ValueError, IndexError, OverflowError):
            return False

    def _again(self, password: str, parts: list[str]) -> str:
        raise NotImplementedError


class PBKDF2PasswordHasher(_Digested):
    """PBKDF2 with SHA-256; Django's default."""

    algorithm = "pbkdf2_sha256"
    iterations: ClassVar[int] = 1_000_000
    digest: ClassVar[str] = "sha256"

    def encode(self, password: str, salt: str, iterations: int | None = None) -> str:
        """Return `pbkdf2_sha256$iterations$salt$hash`."""
        rounds = iterations or self.iterations
        made = hashlib.pbkdf2_hmac(self.digest, password.encode(), salt.encode(), rounds)
        return f"{self.algorithm}${rounds}${salt}${base64.b64encode(made).decode()}"

    def _again(self, password: str, parts: list[str]) -> str:
        rounds = int(parts[1])
        if not 0 < rounds <= _MOST_ROUNDS:
            raise ValueError(rounds)
        return self.encode(password, parts[2], rounds)

    def must_update(self, encoded: str) -> bool:
        """Whether it was made with other iterations or a short salt."""
        parts = encoded.split("$")
        return len(parts) != 4 or parts[1] != str(self.iterations) or _is_short(parts[2], self.salt_entropy)


class PBKDF2SHA1PasswordHasher(PBKDF2PasswordHasher):
    """PBKDF2 with SHA-1, for what other systems have left; not for new ones."""

    algorithm = "pbkdf2_sha1"
    digest = "sha1"


class ScryptPasswordHasher(_Digested):
    """scrypt (RFC 7914), as Django writes it."""

    algorithm = "scrypt"
    block_size: ClassVar[int] = 8
    parallelism: ClassVar[int] = 5
    work_factor: ClassVar[int] = 2**14
    fields = 6

    def encode(self, password: str, salt: str, n: int | None = None, r: int | None = None, p: int | None = None) -> str:
        """Return `scrypt$n$salt$r$p$hash`."""
        n, r, p = n or self.work_factor, r or self.block_size, p or self.parallelism
        made = _scrypt(password, salt, n, r, p)
        return f"{self.algorithm}${n}${salt}${r}${p}${base64.b64encode(made).decode()}"

    def _again(self, password: str, parts: list[str]) -> str:
        return self.encode(password, parts[2], int(parts[1]), int(parts[3]), int(parts[4]))

    def must_update(self, encoded: str) -> bool:
        """Whether it was made at another cost."""
        parts = encoded.split("$")
        wanted = [str(self.work_factor), str(self.block_size), str(self.parallelism)]
        return len(parts) != 6 or [parts[1], parts[3], parts[4]] != wanted


def _scrypt(password: str, salt: str, n: int, r: int, p: int) -> bytes:
    if n * r * 128 > _MOST_MEMORY or p > 64:
        raise ValueError(n)
    return hashlib.scrypt(password.encode(), salt=salt.encode(), n=n, r=r, p=p, maxmem=2 * _MOST_MEMORY, dklen=64)


def _is_short(salt: str, entropy: int) -> bool:
    return len(salt) * log2(len(_LETTERS)) < entropy


class BCryptSHA256PasswordHasher(BasePasswordHasher):
    """bcrypt over SHA-256, so that no byte of a long password is cut off; needs the package `bcrypt`."""

    algorithm = "bcrypt_sha256"
    rounds: ClassVar[int] = 12
    digested: ClassVar[bool] = True

    def salt(self) -> str:
        """Return a new salt with the cost in it."""
        made: bytes = self._library().gensalt(self.rounds)
        return made.decode("ascii")

    def encode(self, password: str, salt: str) -> str:
        """Return `bcrypt_sha256$$2b$12$…`."""
        made: bytes = self._library().hashpw(self._secret(password), salt.encode("ascii"))
        return f"{self.algorithm}${made.decode('ascii')}"

    def verify(self, password: str, encoded: str) -> bool:
        """Whether this is the password."""
        kept = encoded.partition("$")[2].encode("ascii", "replace")
        try:
            return bool(self._library().checkpw(self._secret(password), kept))
        except ValueError:
            return False

    def must_update(self, encoded: str) -> bool:
        """Whether it was made with other rounds."""
        parts = encoded.split("$")
        return len(parts) != 5 or parts[3] != f"{self.rounds:02d}"

    def _secret(self, password: str) -> bytes:
        data = password.encode()
        return hashlib.sha256(data).hexdigest().encode() if self.digested else data[:72]

    def _library(self) -> Any:
        try:
            import bcrypt  # only who has such passwords installs it
        except ImportError:
            raise ConfigError(
                "a password was kept by bcrypt, and the package bcrypt is not installed",
                hint="Install it: pip install 'spruce[bcrypt]'.",
            ) from None
        return bcrypt


class BCryptPasswordHasher(BCryptSHA256PasswordHasher):
    """bcrypt alone, for what other systems have left: it knows the first 72 bytes of a password only."""

    algorithm = "bcrypt"
    digested = False


class WerkzeugPasswordHasher(_Digested):
    """What Werkzeug's `generate_password_hash` has made, in programs that were Flask's; makes none itself."""

    algorithm = "werkzeug"

    def knows(self, encoded: str) -> bool:
        """Whether it is one of Werkzeug's."""
        return encoded.startswith(("scrypt:", "pbkdf2:"))

    def encode(self, password: str, salt: str) -> str:
        """Refuse."""
        raise ConfigError(
            "WerkzeugPasswordHasher makes no new hashes", hint="Put another one first in PASSWORD_HASHERS."
        )

    def verify(self, password: str, encoded: str) -> bool:
        """Whether this is the password."""
        method, _, rest = encoded.partition("$")
        salt, _, kept = rest.partition("$")
        try:
            return hmac.compare_digest(kept, _werkzeug(password, salt, *method.split(":")))
        except (ValueError, TypeError, OverflowError):
            return False

    def must_update(self, encoded: str) -> bool:
        """Always: it becomes one of the first hasher at the next log-in."""
        return True


def _werkzeug(password: str, salt: str, method: str, *options: str) -> str:
    if method == "scrypt":
        n, r, p = map(int, options or ("32768", "8", "1"))
        return _scrypt(password, salt, n, r, p).hex()
    digest, *rounds = options or ("sha256",)
    count = int(rounds[0]) if rounds else _ROUNDS_OF_WERKZEUG
    if count > _MOST_ROUNDS:
        raise ValueError(count)
    return hashlib.pbkdf2_hmac(digest, password.encode(), salt.encode(), count).hex()
