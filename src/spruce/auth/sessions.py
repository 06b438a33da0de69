"""The sessions of a user: which browsers are logged in, and ending them. For sessions in the database."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from spruce.auth.auditing import record
from spruce.auth.logins import SESSION_INFO, update_session_auth_hash
from spruce.auth.models import key_of
from spruce.http import Request
from spruce.middleware.databasestore import DatabaseStore, StoredSession
from spruce.middleware.packing import unpack
from spruce.middleware.sessions import SessionMiddleware, hash_of
from spruce.web import current_app

__all__ = ["UserSession", "end_other_sessions", "end_session", "sessions_of"]

_SHOWN = 16
_BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("Chrom", "Chrome"),
    ("CriOS/", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
)


@dataclass(frozen=True, slots=True)
class UserSession:
    """A browser in which the user is logged in; `handle` names the session, and is no key to it."""

    handle: str
    began: datetime
    expires: datetime
    address: str
    agent: str
    current: bool

    @property
    def browser(self) -> str:
        """What people call the browser: `Firefox, Windows`; what it says itself if that isn't known."""
        known = [next((name for word, name in names if word in self.agent), "") for names in (_BROWSERS, _SYSTEMS)]
        return ", ".join(filter(None, known)) or self.agent


def sessions_of(request: Request) -> list[UserSession]:
    """Return the sessions of the user of `request`, this one first; none where they aren't kept in the database."""
    if _store() is None:
        return []
    owner = key_of(request.user)  # finding the user loads the session, which knows its key by then
    key = request.session.session_key
    here = hash_of(key) if key else ""
    rows = StoredSession.objects.filter(owner=owner, expires__gt=datetime.now(UTC)).order_by("-began")
    found = [_shown(row, here) for row in rows]
    return sorted(found, key=lambda one: not one.current)


def _shown(row: StoredSession, here: str) -> UserSession:
    info: Any = unpack(row.values).get(SESSION_INFO) or {}
    return UserSession(
        row.key[:_SHOWN],
        info.get("at") or row.began,
        row.expires,
        str(info.get("address", "")),
        str(info.get("agent", "")),
        row.key == here,
    )


def end_session(request: Request, handle: str) -> bool:
    """End a session of the user of `request` by its handle; whether there was one."""
    store = _store()
    if store is None or len(handle) != _SHOWN:
        return False
    for row in StoredSession.objects.filter(owner=key_of(request.user), key__startswith=handle):
        store.delete_hashed(row.key)
        record("session_ended", request, request.user)
        return True
    return False


def end_other_sessions(request: Request) -> None:
    """End all sessions of the user of `request` but this one, wherever they are kept."""
    request.user.end_sessions()
    update_session_auth_hash(request, request.user)
    record("sessions_ended", request, request.user)


def _store() -> DatabaseStore | None:
    keeper = current_app.session_interface
    return keeper.store if isinstance(keeper, SessionMiddleware) and isinstance(keeper.store, DatabaseStore) else None
