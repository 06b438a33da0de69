"""Making and checking the hashes of passwords, with Django's names, in OS threads of their own.

A hash takes tens of milliseconds of a processor and 19 MiB, on purpose. So at most as many are made at a time as there
are processors, and never more than four: others wait their turn while green threads go on, and when too many wait the
next one is told to come again (503), which bounds both memory and time.
"""

import contextvars
import os
import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from importlib import import_module
from threading import Lock
from typing import Any, TypeVar

from spruce import config, green
from spruce.auth.hashers import BasePasswordHasher
from spruce.errors import ConfigError, ServiceUnavailable
from spruce.green.runtime import can_yield, running

__all__ = [
    "MOST_AT_ONCE",
    "MOST_WAITING",
    "check_password",
    "hashers",
    "identify_hasher",
    "is_password_usable",
    "make_password",
    "spend_a_hash",
    "stats",
]

T = TypeVar("T")

MOST_AT_ONCE = max(1, min(4, os.cpu_count() or 1))
MOST_WAITING = 200
_UNUSABLE = "!"
_UNUSABLE_LENGTH = 40
_RETRY_SECONDS = 2
_RESOURCE = "spruce.auth.hashers"


class _Workers:
    """The threads that hash, started when the first password comes, and anew in a forked child."""

    def __init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        """Have no threads yet."""
        self.lock = Lock()
        self.executor: ThreadPoolExecutor | None = None
        self.waiting = 0

    def call(self, function: Callable[[], T]) -> T:
        """Return what `function` returns, called in one of the threads. Raises: ServiceUnavailable."""
        with self.lock:
            if self.waiting >= MOST_WAITING:
                raise ServiceUnavailable(retry_after=_RETRY_SECONDS)
            self.waiting += 1
            if self.executor is None:
                self.executor = ThreadPoolExecutor(MOST_AT_ONCE, thread_name_prefix="spruce-hashing")
            executor = self.executor
        try:
            return green.await_(green.get_hub().loop.run_in_executor(executor, function))
        finally:
            with self.lock:
                self.waiting -= 1


_workers = _Workers()
os.register_at_fork(after_in_child=_workers.begin)


def stats() -> dict[str, int]:
    """How many hashes are being made or wait for it."""
    return {"waiting": _workers.waiting, "at_once": MOST_AT_ONCE}


def _off_loop(function: Callable[..., T], *args: Any) -> T:
    if running() and not can_yield():
        return function(*args)  # a plain thread, in which nobody else waits
    return _workers.call(partial(contextvars.copy_context().run, function, *args))


def make_password(password: str | None, salt: str | None = None, hasher: str | BasePasswordHasher = "default") -> str:
    """Return the text to keep for a password; for None one that no password ever fits. Blocks for a hash.

    Raises: ConfigError for a hasher that PASSWORD_HASHERS doesn't have.
    """
    if password is None:
        return _UNUSABLE + secrets.token_urlsafe(_UNUSABLE_LENGTH)[:_UNUSABLE_LENGTH]
    if not isinstance(password, str):
        raise TypeError(f"a password is a text, not {type(password).__name__}")
    chosen = hasher if isinstance(hasher, BasePasswordHasher) else _hasher_called(hasher)
    return _off_loop(lambda: chosen.encode(password, salt or chosen.salt()))


def check_password(
    password: str | None, encoded: str | None, setter: Callable[[str], object] | None = None, preferred: str = "default"
) -> bool:
    """Whether `encoded` was made of this password; blocks for a hash, whatever the answer.

    If it was, and a new one would be made otherwise, `setter` is called with the password, to keep it anew.
    """
    first = _hasher_called(preferred)
    found = identify_hasher(encoded) if is_password_usable(encoded) else None
    if password is None or found is None:
        spend_a_hash(password or "")
        return False
    kept = str(encoded)
    right = _off_loop(found.verify, password, kept)
    if right and setter is not None and (found.algorithm != first.algorithm or first.must_update(kept)):
        setter(password)
    return right


def spend_a_hash(password: str) -> None:
    """Take the time that checking a password takes, where there is nothing to check it with."""
    first = hashers()[0]
    _off_loop(lambda: first.encode(password, first.salt()))


def is_password_usable(encoded: str | None) -> bool:
    """Whether it is a hash, and none of an account without a password."""
    return encoded is not None and not encoded.startswith(_UNUSABLE)


def identify_hasher(encoded: str | None) -> BasePasswordHasher | None:
    """Return the hasher of PASSWORD_HASHERS that has made a text; None when none has."""
    return next((one for one in hashers() if encoded and one.knows(encoded)), None)


def hashers() -> list[BasePasswordHasher]:
    """Return the hashers of PASSWORD_HASHERS, made once for the settings that hold here. Raises: ConfigError."""
    settings = config.current()
    named = tuple(settings["PASSWORD_HASHERS"])
    made: Any = settings.resources.get(_RESOURCE)
    if made is None or made[0] != named:
        if not named:
            raise ConfigError("PASSWORD_HASHERS is empty, so no password can be kept")
        made = settings.resources[_RESOURCE] = (named, [_made(one) for one in named])
    found: list[BasePasswordHasher] = made[1]
    return found


def _made(named: Any) -> BasePasswordHasher:
    if isinstance(named, BasePasswordHasher):
        return named
    try:
        module, _, name = named.rpartition(".")
        kind = getattr(import_module(module), name)
    except (ImportError, AttributeError, ValueError) as error:
        raise ConfigError(
            f"PASSWORD_HASHERS has {named!r}, which cannot be found", hint="Write 'package.module.Class'."
        ) from error
    hasher: BasePasswordHasher = kind()
    return hasher


def _hasher_called(algorithm: str | BasePasswordHasher) -> BasePasswordHasher:
    if isinstance(algorithm, BasePasswordHasher):
        return algorithm
    if algorithm == "default":
        return hashers()[0]
    for one in hashers():
        if one.algorithm == algorithm:
            return one
    known = ", ".join(repr(one.algorithm) for one in hashers())
    raise ConfigError(f"there is no password hasher {algorithm!r} in PASSWORD_HASHERS", hint=f"There are: {known}.")
