"""Failed log-ins are counted, and who fails often waits: longer each time, and never somebody else instead.

Three things are counted, each for an hour since the last try:
- one client at one account: after AUTH_THROTTLE_FREE failures it waits 1, 2, 4 … seconds, up to 15 minutes;
- one client at all accounts, which finds those who try one password with many names;
- one account by all clients, which finds those who have many addresses; strangers then wait up to 30 seconds each.

The last one could keep the owner out. So a browser in which somebody has logged in to an account keeps a signed cookie
that says so: its tries at this account are counted by themselves, and what strangers do doesn't matter to it. In a new
browser the owner can set a new password by mail, and is let in by that. A try counts before the password is looked at,
so that many at once don't get past; a right one takes its own count back, and those of the client at the account.

All ways to write a name are counted together, since some backends take them for one. But an account may be called as
another but for capitals: so a right password forgives failures only at the name as it was typed, and a browser is known
for that name alone.

Counts are in the cache of AUTH_THROTTLE_CACHE_ALIAS; one that fails is replaced by the memory of this process.
"""

import secrets
import unicodedata
from collections.abc import Callable
from functools import partial
from hashlib import sha256
from logging import getLogger
from math import ceil
from time import time
from typing import Any

from spruce import config
from spruce.auth.authentication import authenticate
from spruce.cache import Cache, caches
from spruce.cache.caches import Caches
from spruce.errors import BadSignature, CacheUnavailable, LockNotHeld, TooManyAttempts
from spruce.http import Request, Response
from spruce.middleware import signing
from spruce.middleware.ratelimits import client_of

__all__ = ["DEVICE_COOKIE", "Attempt", "LoginThrottle", "authenticate_throttled", "remember_device", "throttle"]

DEVICE_COOKIE = "known_accounts"
_DEVICE_SALT = "spruce.auth.device"
_DEVICE_AGE = 365 * 24 * 3600
_DEVICE_ACCOUNTS = 5
_HOUR = 3600
_LOCKED_SECONDS = 2.0
_LONGEST = 15 * 60
_LONGEST_FOR_STRANGERS = 30
_NOTHING = (0, 0.0, "")
"""What is counted: tries, the moment until which one waits, the name that was typed; "" for several."""

_RESOURCE = "spruce.auth.throttle"
_log = getLogger("spruce.security.logins")


def account_of(username: str) -> str:
    """Return what an account is counted by: the same for all ways to write a name, and no name."""
    return sha256(unicodedata.normalize("NFKC", username).strip().casefold().encode()).hexdigest()[:32]


def _name_of(username: str) -> str:
    """What a name is known by as it is written, but for its Unicode form."""
    return sha256(unicodedata.normalize("NFKC", username).strip().encode()).hexdigest()[:32]


class Attempt:
    """A try that has been counted; `succeeded` takes it back."""

    def __init__(self, owner: "LoginThrottle", own: str, shared: list[str], typed: str) -> None:
        self._owner = owner
        self._own = own
        self._shared = shared
        self._typed = typed

    def succeeded(self) -> None:
        """Forget the failures of this client at this account, and that this try was one."""
        self._owner.forgive(self._own, self._shared, self._typed)


class LoginThrottle:
    """The counts; `clock` gives the seconds of the day's time."""

    def __init__(self, settings: config.Settings, clock: Callable[[], float] = time) -> None:
        self._settings = settings
        self._clock = clock
        self._spare = Caches({})["default"]

    def attempt(self, request: Request, username: str, kind: str = "login") -> Attempt:
        """Count a try. Raises: TooManyAttempts, whose `seconds` say how long to wait.

        Those of another `kind` have counts of their own, whatever names people type at a log-in; no browser is known
        there.
        """
        account, client = account_of(username), client_of(request) or "local"
        typed = _name_of(username)
        device = _device_of(request, typed) if kind == "login" else None
        own = f"{kind}:{account}:{device or client}"
        limits = [(own, self._settings["AUTH_THROTTLE_FREE"], _LONGEST)]
        if device is None:
            limits += [
                (f"{kind}:client:{client}", self._settings["AUTH_THROTTLE_CLIENT"], _LONGEST),
                (f"{kind}:account:{account}", self._settings["AUTH_THROTTLE_ACCOUNT"], _LONGEST_FOR_STRANGERS),
            ]
        counted: list[str] = []
        for key, free, longest in limits:
            wait = self._with_cache(partial(self._take, key=key, free=free, longest=longest, typed=typed))
            if wait:
                for other in counted:
                    self._give_back(other)
                _log.warning("too many log-ins failed for %s", key)
                raise TooManyAttempts(max(1, ceil(wait)))
            counted.append(key)
        return Attempt(self, own, counted[1:], typed)

    def forgive(self, own: str, shared: list[str], typed: str) -> None:
        """Take one from each of `shared`, and forget the count under `own`, if it is all of one name as `typed`."""

        def forget(cache: Cache) -> bool:
            with cache.lock(own, _LOCKED_SECONDS, blocking_timeout=_LOCKED_SECONDS):
                if (cache.get(own) or _NOTHING)[2] != typed:
                    return False
                cache.delete(own)
                return True

        for key in shared if self._with_cache(forget) else [own, *shared]:
            self._give_back(key)

    def _take(self, cache: Cache, key: str, free: int, longest: int, typed: str) -> float:
        with cache.lock(key, _LOCKED_SECONDS, blocking_timeout=_LOCKED_SECONDS):
            now = self._clock()
            count, until, name = cache.get(key) or (*_NOTHING[:2], typed)
            if until > now:
                return float(until - now)
            count += 1
            delay = min(2 ** min(count - free, 30), longest) if count >= free else 0
            cache.set(key, (count, now + delay, name if name == typed else ""), timeout=_HOUR)
        return 0.0

    def _give_back(self, key: str) -> None:
        def give(cache: Cache) -> None:
            with cache.lock(key, _LOCKED_SECONDS, blocking_timeout=_LOCKED_SECONDS):
                count, _, name = cache.get(key) or _NOTHING
                if count > 1:
                    cache.set(key, (count - 1, 0.0, name), timeout=_HOUR)
                else:
                    cache.delete(key)

        self._with_cache(give)

    def _with_cache(self, work: Callable[[Cache], Any]) -> Any:
        try:
            return work(caches[self._settings["AUTH_THROTTLE_CACHE_ALIAS"]].strict)
        except (CacheUnavailable, LockNotHeld) as error:
            _log.warning("the cache cannot count log-ins, so this process does by itself: %s", error)
            return work(self._spare)


def throttle() -> LoginThrottle:
    """Return the counts of the settings that hold here."""
    settings = config.current()
    found = settings.resources.get(_RESOURCE)
    if not isinstance(found, LoginThrottle):
        found = settings.resources[_RESOURCE] = LoginThrottle(settings)
    return found


def authenticate_throttled(request: Request, *, username: str, password: str) -> Any:
    """`authenticate` by name and password, counted: the user, or None. Raises: TooManyAttempts."""
    attempt = throttle().attempt(request, username)
    user = authenticate(request, username=username, password=password)
    if user is not None:
        attempt.succeeded()
    return user


def remember_device(request: Request, response: Response, username: str) -> None:
    """Let this browser be one in which somebody has logged in to the account, for a year."""
    typed = _name_of(username)
    name, accounts = _read_device(request)
    kept = [typed, *(one for one in accounts if one != typed)][:_DEVICE_ACCOUNTS]
    response.set_cookie(
        DEVICE_COOKIE,
        signing.dumps([name or secrets.token_urlsafe(12), kept], salt=_DEVICE_SALT),
        _DEVICE_AGE,
        secure=request.is_secure,
        httponly=True,
        samesite="Lax",
    )


def _device_of(request: Request, typed: str) -> str | None:
    """The name of the browser, if somebody has logged in by this name in it."""
    name, accounts = _read_device(request)
    return f"device:{name}" if typed in accounts else None


def _read_device(request: Request) -> tuple[str, list[str]]:
    cookie = request.cookies.get(DEVICE_COOKIE)
    if not cookie:
        return "", []
    try:
        name, accounts = signing.loads(cookie, salt=_DEVICE_SALT, max_age=_DEVICE_AGE)
    except (BadSignature, ValueError, TypeError):
        return "", []
    return str(name), list(accounts)
