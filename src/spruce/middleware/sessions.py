"""Sessions: a dict for each visitor, which the next requests find again, and the middleware that keeps them.

A session costs nothing until somebody touches `request.session`. Then it is loaded; at the end of the request it is
saved if it differs from what was loaded, nested values included. Where it is kept is the business of a store: the
signed cookie itself, or the database. The names are Django's, and `permanent` is Flask's.
"""

from collections.abc import Iterator, MutableMapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from importlib import import_module
from logging import getLogger
from secrets import token_urlsafe
from typing import Any, Protocol
from weakref import ref

from spruce import config
from spruce.errors import ConfigError, nearest
from spruce.http import Handler, Request, Response
from spruce.middleware.packing import pack, unpack

__all__ = ["OWNER", "Kept", "Session", "SessionMiddleware", "Store", "cookie_name", "hash_of", "new_key", "store_of"]

OWNER = "_auth_user_id"
"""Where a session has the key of who is logged in, so that stores can tell whose it is."""

_EXPIRY = "_session_expiry"
_TEST_COOKIE = "_test_cookie"
_log = getLogger("spruce.sessions")

_STORES = {
    "cookie": "spruce.middleware.cookiestore.CookieStore",
    "database": "spruce.middleware.databasestore.DatabaseStore",
    "cache": "spruce.middleware.cachestore.CacheStore",
    "cached_database": "spruce.middleware.cacheddatabasestore.CachedDatabaseStore",
}


@dataclass(frozen=True, slots=True)
class Kept:
    """A session as a store has it: its packed values, when it began, and what else the store wants to know of it."""

    values: str
    began: datetime
    key: str | None = None
    version: int = 0


class Store(Protocol):
    """Where sessions are kept. `cookie` is what the browser holds; a store gives it out and gets it back."""

    def load(self, cookie: str) -> Kept | None:
        """Return the session of a cookie; None for one that was never given out, was changed, or has expired."""
        ...

    def save(self, session: "Session", expires: datetime, *, prolong: bool) -> str | None:
        """Keep a session until `expires`, whether it has changed or is only prolonged; return its cookie.

        None when it was deleted meanwhile: then it stays so. Raises: SessionError when it cannot be kept.
        """
        ...

    def delete(self, kept: Kept) -> None:
        """Forget a session."""
        ...

    def clear_expired(self) -> int:
        """Remove all sessions that have expired; return how many."""
        ...


class Keeper(Protocol):
    """What a session asks when it is touched: where it is kept, and by which cookie of a request it is found."""

    store: Store

    def name_for(self, request: Request) -> str:
        """Return the name of the session's cookie, which differs under HTTPS."""
        ...


class Session(MutableMapping[str, Any]):
    """One visitor's dict. Keys are texts; values what `packing` can write: texts, numbers, dates, lists, dicts, ….

    `accessed` tells that somebody looked into it. `modified` tells that it differs from what was kept; assign True to
    have it saved in any case.
    """

    accessed = False
    kept: Kept | None = None
    """What was loaded; None for a new session."""
    dropped: Kept | None = None
    """What is to be deleted on the server when this one is saved."""
    _values: dict[str, Any] | None = None
    _forced = False

    def __init__(self, keeper: "Keeper", request: Request) -> None:
        self._keeper = keeper
        self._request = ref(request)  # which has the session: a circle would be the collector's work each time

    def __repr__(self) -> str:
        return f"<Session {self.session_key or 'without a key'}, {'not loaded' if self._values is None else 'loaded'}>"

    @property
    def values_now(self) -> dict[str, Any]:
        """The dict inside, loaded if it wasn't."""
        if self._values is None:
            self.accessed = True
            request = self._request()
            cookie = request.cookies.get(self._keeper.name_for(request)) if request is not None else None
            self.kept = self._keeper.store.load(cookie) if cookie else None
            self._values = unpack(self.kept.values) if self.kept is not None else {}
        return self._values

    # The dict

    def __getitem__(self, key: str) -> Any:
        return self.values_now[key]

    def __setitem__(self, key: str, value: Any) -> None:
        self.values_now[key] = value

    def __delitem__(self, key: str) -> None:
        del self.values_now[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self.values_now)

    def __len__(self) -> int:
        return len(self.values_now)

    def __contains__(self, key: object) -> bool:
        return key in self.values_now

    # What has become of it

    @property
    def modified(self) -> bool:
        """Whether it differs from what was kept, in nested values too."""
        if self._values is None:
            return False
        if self._forced or self.dropped is not None:
            return True
        return bool(self._values) if self.kept is None else pack(self._values) != self.kept.values

    @modified.setter
    def modified(self, value: bool) -> None:
        _ = self.values_now
        self._forced = value

    def is_empty(self) -> bool:
        """Whether there is nothing in it, and nothing of it on the server."""
        return not self.values_now and self.kept is None

    @property
    def session_key(self) -> str | None:
        """The key of a session that is kept on the server; None for a new one, and for signed cookies."""
        return self.kept.key if self.kept is not None else None

    def flush(self) -> None:
        """Forget everything, on the server too: the visitor is nobody again. To be called at a log-out."""
        self.clear()
        self.cycle_key()

    def cycle_key(self) -> None:
        """Keep everything under a new key; the old one counts no more. To be called when a visitor logs in."""
        _ = self.values_now
        self.dropped = self.dropped or self.kept
        self.kept = None
        self._forced = True

    # When it ends

    def set_expiry(self, value: int | datetime | timedelta | None) -> None:
        """Let it end `value` seconds after its last change, at a time, with the browser (0), or as the settings say."""
        if value is None:
            self.values_now.pop(_EXPIRY, None)
            return
        if isinstance(value, timedelta):
            value = datetime.now(UTC) + value
        self.values_now[_EXPIRY] = value

    def get_expiry_date(self) -> datetime:
        """Return when it ends if nothing changes any more."""
        value = self.values_now.get(_EXPIRY)
        if isinstance(value, datetime):
            return value if value.tzinfo is not None else value.astimezone()
        return datetime.now(UTC) + timedelta(seconds=value or config.current()["SESSION_COOKIE_AGE"])

    def get_expiry_age(self) -> int:
        """Return the seconds until it ends if nothing changes any more."""
        return round((self.get_expiry_date() - datetime.now(UTC)).total_seconds())

    def get_expire_at_browser_close(self) -> bool:
        """Whether its cookie ends with the browser."""
        value = self.values_now.get(_EXPIRY)
        return bool(config.current()["SESSION_EXPIRE_AT_BROWSER_CLOSE"]) if value is None else value == 0

    @property
    def permanent(self) -> bool:
        """Whether it outlives the browser; True makes it live for SESSION_COOKIE_AGE, False end with the browser."""
        return not self.get_expire_at_browser_close()

    @permanent.setter
    def permanent(self, value: bool) -> None:
        self.set_expiry(config.current()["SESSION_COOKIE_AGE"] if value else 0)

    # Whether the browser keeps cookies at all

    def set_test_cookie(self) -> None:
        """Put something in, to find out at the next request whether the browser keeps cookies."""
        self[_TEST_COOKIE] = "worked"

    def test_cookie_worked(self) -> bool:
        """Whether what `set_test_cookie` put in came back."""
        return self.get(_TEST_COOKIE) == "worked"

    def delete_test_cookie(self) -> None:
        """Take out what `set_test_cookie` put in."""
        self.pop(_TEST_COOKIE, None)


def new_key() -> str:
    """Return a key for a session that is kept on the server: 192 bits, as the browser holds it."""
    return token_urlsafe(24)


def hash_of(key: str) -> str:
    """Return what a store knows a key by, so that who reads the store has nobody's session."""
    return sha256(key.encode()).hexdigest()


def cookie_name(name: str, *, secure: bool, path: str, domain: str | None) -> str:
    """Return `name`, behind `__Host-` where its promise is kept: no other host, and no plain HTTP, can have set it."""
    return f"__Host-{name}" if secure and path == "/" and not domain else name


def store_of(settings: config.Settings) -> Store:
    """Return the store that SESSION_ENGINE names, made once for these settings. Raises: ConfigError."""
    named = settings["SESSION_ENGINE"] or "cookie"
    if isinstance(named, str):
        module, _, name = _STORES.get(named, named).rpartition(".")
        try:
            named = getattr(import_module(module), name)
        except (ImportError, AttributeError, ValueError) as error:
            raise ConfigError(
                f"SESSION_ENGINE is {settings['SESSION_ENGINE']!r}, which cannot be found{nearest(named, _STORES)}",
                hint=f"It is {', '.join(map(repr, _STORES))}, or 'package.module.Class'.",
            ) from error
    made: Store = named(settings)
    return made


class SessionMiddleware:
    """Gives each request its `session`, and keeps what becomes of it.

    The cookie is HttpOnly and SameSite=Lax; to a request that came by HTTPS it is Secure, and `__Host-` goes before its
    name. A response for which somebody looked into the session varies by Cookie. After a failure (5xx) nothing is kept.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response
        settings = config.current()
        self.store = store_of(settings)
        self._name = settings["SESSION_COOKIE_NAME"]
        self._path = settings["SESSION_COOKIE_PATH"]
        self._domain = settings["SESSION_COOKIE_DOMAIN"]
        self._secure = settings["SESSION_COOKIE_SECURE"]
        self._always = settings["SESSION_SAVE_EVERY_REQUEST"]
        self._longest = settings["SESSION_ABSOLUTE_AGE"]
        self._flags = {
            "httponly": settings["SESSION_COOKIE_HTTPONLY"],
            "samesite": settings["SESSION_COOKIE_SAMESITE"],
            "partitioned": settings["SESSION_COOKIE_PARTITIONED"],
        }
        self._names = {
            secure: cookie_name(self._name, secure=secure, path=self._path, domain=self._domain)
            for secure in (True, False)
        }

    def __call__(self, request: Request) -> Response:
        """Handle `request` with a session."""
        request.session = session = Session(self, request)
        response = self.get_response(request)
        if session.accessed or self._always:
            self.save_session(request, session, response)
        return response

    def open_session(self, request: Request) -> Session:
        """Return the session that `request` belongs to, not loaded yet."""
        return Session(self, request)

    def name_for(self, request: Request) -> str:
        """Return the name of the session's cookie, which differs under HTTPS."""
        return self._names[self._is_secure(request)]

    def save_session(self, request: Request, session: Session, response: Response) -> None:
        """Keep what changed, and tell the browser by `response`. Raises: SessionError when it cannot be kept."""
        response.vary.add("Cookie")
        if response.status_code >= 500:
            return
        secure = self._is_secure(request)
        name = self._names[secure]
        if not session.values_now:
            for kept in (session.dropped, session.kept):
                if kept is not None:
                    self.store.delete(kept)
            if name in request.cookies:
                response.delete_cookie(name, self._path, self._domain, secure=secure, **self._flags)
        elif session.modified or self._always:
            self._save(session, response, name, secure)

    def _save(self, session: Session, response: Response, name: str, secure: bool) -> None:
        expires = session.get_expiry_date()
        if self._longest is not None:
            began = session.kept.began if session.kept is not None else datetime.now(UTC)
            expires = min(expires, began + timedelta(seconds=self._longest))
        value = self.store.save(session, expires, prolong=not session.modified)
        if value is None:
            _log.warning("a session was deleted while a request used it; what the request changed in it is dropped")
            return
        left = max(0, round((expires - datetime.now(UTC)).total_seconds()))
        max_age = None if session.get_expire_at_browser_close() else left
        response.set_cookie(name, value, max_age, None, self._path, self._domain, secure, **self._flags)

    def _is_secure(self, request: Request) -> bool:
        return request.is_secure if self._secure is None else bool(self._secure)
