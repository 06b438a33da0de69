"""Sessions in the database: as large as one likes, ended from the server, and safe with requests at one time.

The browser holds a random key, and the table a hash of it, so who reads the table has nobody's session. Each row counts
its versions. A request saves its session only if the version is still the one that it loaded; otherwise another request
was faster, and what this one changed is put into what that one left, key by key: what only one of them changed is kept
from both. Where both changed the same key, what was added to a list is added behind, and any other value is that of the
later request, which is logged. A session that was deleted meanwhile, by a log-out, stays deleted.
"""

from datetime import UTC, datetime
from hashlib import sha256
from logging import getLogger
from secrets import token_urlsafe
from typing import Any

from spruce import config, db
from spruce.db.databases import choose
from spruce.errors import OperationalError
from spruce.middleware.packing import pack, unpack
from spruce.middleware.sessions import Kept, Session

__all__ = ["DatabaseStore", "StoredSession", "merge"]

_KEY_BYTES = 24
_MOST_ATTEMPTS = 20
_MISSING = object()
_log = getLogger("spruce.sessions")


class StoredSession(db.Model):
    """One session; `key` is the SHA-256 of what the browser holds."""

    key = db.CharField(max_length=64, primary_key=True)
    values = db.TextField()
    began = db.DateTimeField()
    expires = db.DateTimeField(db_index=True)
    version = db.IntegerField(default=0)

    class Meta:  # noqa: D106 - options of the model, which the model's docstring is for
        db_table = "spruce_session"


class DatabaseStore:
    """Keeps sessions in the table `spruce_session` of the database that the routers choose for StoredSession.

    `db.create_all()` makes the table, where this module has been imported; else it is made when the first session is
    saved.
    """

    def __init__(self, settings: config.Settings) -> None:
        """Take nothing from `settings`: the database is chosen per query."""

    def load(self, cookie: str) -> Kept | None:
        """Return the session of a key; None for a key that was never given out, or has expired."""
        row = self._find(_hash(cookie))
        if row is None or row.expires <= datetime.now(UTC):
            return None
        return Kept(row.values, row.began, cookie, row.version)

    def save(self, session: Session, expires: datetime, *, prolong: bool) -> str | None:
        """Keep a session; return its key, or None when it was deleted meanwhile."""
        if session.dropped is not None:
            self.delete(session.dropped)
        if session.kept is None or session.kept.key is None:
            return self._create(session, expires)
        return self._update(session, session.kept, session.kept.key, expires)

    def delete(self, kept: Kept) -> None:
        """Forget a session."""
        if kept.key is not None:
            StoredSession.objects.filter(key=_hash(kept.key)).delete()

    def clear_expired(self) -> int:
        """Remove all sessions that have expired; return how many."""
        try:
            return StoredSession.objects.filter(expires__lte=datetime.now(UTC)).delete()[0]
        except OperationalError as error:
            if not _is_about_the_table(error):
                raise
            return 0

    def _find(self, key: str) -> StoredSession | None:
        try:
            return StoredSession.objects.filter(key=key).first()
        except OperationalError as error:
            if not _is_about_the_table(error):
                raise
            return None

    def _create(self, session: Session, expires: datetime) -> str:
        key = token_urlsafe(_KEY_BYTES)
        row = {"values": pack(session.values_now), "began": datetime.now(UTC), "expires": expires}
        try:
            StoredSession.objects.create(key=_hash(key), **row)
        except OperationalError as error:
            if not _is_about_the_table(error):
                raise
            db.create_all(choose(None, StoredSession, write=True).alias, models=[StoredSession])
            StoredSession.objects.create(key=_hash(key), **row)
        return key

    def _update(self, session: Session, kept: Kept, key: str, expires: datetime) -> str | None:
        hashed, version = _hash(key), kept.version
        base, ours = unpack(kept.values), session.values_now
        values = pack(ours)
        for _ in range(_MOST_ATTEMPTS):
            changed = StoredSession.objects.filter(key=hashed, version=version).update(
                values=values, version=version + 1, expires=expires
            )
            if changed:
                return key
            row = StoredSession.objects.filter(key=hashed).first()
            if row is None:
                return None
            version = row.version
            values = pack(merge(base, ours, unpack(row.values)))
        _log.error(
            "a session was changed by %d other requests while one saved it; its changes are lost", _MOST_ATTEMPTS
        )
        return key


def merge(base: dict[str, Any], ours: dict[str, Any], theirs: dict[str, Any]) -> dict[str, Any]:
    """Return `theirs` with what `ours` changed since `base`, as described above."""
    merged = dict(theirs)
    for key in [*ours, *(key for key in base if key not in ours)]:
        before, mine, other = base.get(key, _MISSING), ours.get(key, _MISSING), theirs.get(key, _MISSING)
        if mine in (before, other):
            continue
        if other != before:
            mine = _both(key, before, mine, other)
        if mine is _MISSING:
            merged.pop(key, None)
        else:
            merged[key] = mine
    return merged


def _both(key: str, before: Any, mine: Any, other: Any) -> Any:
    """The value of a key that two requests have changed."""
    start = [] if before is _MISSING else before
    lists = [one for one in (start, mine, other) if isinstance(one, list)]
    if len(lists) == 3 and mine[: len(start)] == start:
        return [*other, *mine[len(start) :]]
    if isinstance(start, list) and start and mine is _MISSING and isinstance(other, list):
        return other[len(start) :] if other[: len(start)] == start else other
    _log.warning("two requests at one time changed %r of a session; the value of the later one is kept", key)
    return mine


def _is_about_the_table(error: OperationalError) -> bool:
    return "spruce_session" in str(error) and "does not exist" in str(error)


def _hash(key: str) -> str:
    return sha256(key.encode()).hexdigest()
