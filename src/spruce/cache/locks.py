"""Locks that several processes share, as far as they share the store."""

import random
import time
from secrets import token_hex
from types import TracebackType

from spruce.cache.places import pause
from spruce.cache.stores import Store
from spruce.errors import LockNotHeld

__all__ = ["CacheLock", "Pauses"]

_FIRST_PAUSE, _LONGEST_PAUSE = 0.005, 0.1


class Pauses:
    """Seconds to wait between two looks: short at first, then longer, never quite the same as others'."""

    def __init__(self) -> None:
        self._pause = _FIRST_PAUSE

    def next(self) -> float:
        """The seconds to wait now."""
        pause = self._pause
        self._pause = min(pause * 1.5, _LONGEST_PAUSE)
        return pause * random.uniform(0.7, 1.3)  # noqa: S311 - spreads load, keeps no secret


class CacheLock:
    """One holder at a time, `timeout` seconds at most, then it is free, even if the holder died. A context manager.

    Made by `Cache.lock`. Waiting is by looking again, so it isn't fair. It raises CacheUnavailable rather than pretend.
    """

    def __init__(self, store: Store, key: str, name: str, timeout: float, blocking_timeout: float | None) -> None:
        self._store = store
        self._key = key
        self._token = ""
        self.name = name
        self.timeout = timeout
        self.blocking_timeout = blocking_timeout

    def __repr__(self) -> str:
        return f"<CacheLock {self.name!r}, {'got' if self._token else 'not got'} here>"

    def acquire(self, blocking: bool = True, blocking_timeout: float | None = None) -> bool:
        """Take the lock; whether it was got. Blocks, unless `blocking` is false, `blocking_timeout` seconds at most."""
        limit = self.blocking_timeout if blocking_timeout is None else blocking_timeout
        end = None if limit is None else time.monotonic() + limit
        token, pauses = token_hex(16), Pauses()
        while not self._store.add(self._key, token, self.timeout):
            seconds = pauses.next()
            if not blocking or (end is not None and time.monotonic() + seconds > end):
                return False
            pause(seconds)
        self._token = token
        return True

    def release(self) -> None:
        """Give it back. Raises LockNotHeld if it had run out: then another may have been at work at the same time."""
        token, self._token = self._token, ""
        if not token or not self._store.delete_if(self._key, token):
            raise self._lost("given back")

    def extend(self, seconds: float | None = None) -> None:
        """Hold it for `seconds` more from now on, or for its timeout again. Raises LockNotHeld if it had run out."""
        if not self._token or not self._store.touch_if(
            self._key, self._token, self.timeout if seconds is None else seconds
        ):
            raise self._lost("prolonged")

    def locked(self) -> bool:
        """Whether anybody has it."""
        return bool(self._store.get_many([self._key]))

    def owned(self) -> bool:
        """Whether it is held by this object."""
        return bool(self._token) and self._store.get_many([self._key]) == {self._key: self._token}

    def _lost(self, what: str) -> LockNotHeld:
        return LockNotHeld(
            f"the lock {self.name!r} was {what} but is not held here",
            hint=f"It may have run out after {self.timeout:g} s: give it a longer timeout, or extend() it on the way.",
        )

    def __enter__(self) -> "CacheLock":
        if not self.acquire():
            raise LockNotHeld(
                f"the lock {self.name!r} was not got within {self.blocking_timeout:g} s",
                hint="Who holds it takes longer; raise blocking_timeout, or do without and try later.",
            )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if kind is None:
            self.release()
            return
        try:
            self.release()
        except LockNotHeld:
            pass  # what failed in the block matters more
