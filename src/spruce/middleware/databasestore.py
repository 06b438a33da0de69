"""Sessions in the database: as large as one likes, ended from the server, and safe with requests at one time.

The browser holds a random key, and the table a hash of it, so who reads the table has nobody's session. Each row counts
its versions. A request saves its session only if the version is still the one that it loaded; otherwise another request
was faster, and what this one changed is put into what that one left, key by key: what only one of them changed is kept
from both. Where both changed the same key, what was added to a list is added behind, and any other value is that of the
later request, which is logged. A session that was deleted meanwhile, by a log-out, stays deleted.
"""

from datetime import UTC, datetime
from logging import getLogger

from spruce import config, db
from spruce.db.databases import choose
from spruce.errors import OperationalError
from spruce.middleware.merging import merge
from spruce.middleware.packing import pack, unpack
from spruce.middleware.sessions import OWNER, Kept, Session, hash_of, new_key

__all__ = ["DatabaseStore", "StoredSession"]

_MOST_ATTEMPTS = 100
_log = getLogger("spruce.sessions")


class StoredSession(db.Model):
    """One session; `key` is the SHA-256 of what the browser holds, `owner` the key of who is logged in by it."""

    key = db.CharField(max_length=64, primary_key=True)
    values = db.TextField()
    began = db.DateTimeField()
    expires = db.DateTimeField(db_index=True)
    version = db.IntegerField(default=0)
    owner = db.CharField(max_length=64, blank=True, db_index=True, db_default="")

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
        row = self._row(cookie)
        return Kept(row.values, row.began, cookie, row.version) if row is not None else None

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
            self.delete_hashed(hash_of(kept.key))

    def delete_hashed(self, hashed: str) -> None:
        """Forget the session that the table has under `hashed`."""
        StoredSession.objects.filter(key=hashed).delete()

    def clear_expired(self) -> int:
        """Remove all sessions that have expired; return how many."""
        try:
            return StoredSession.objects.filter(expires__lte=datetime.now(UTC)).delete()[0]
        except OperationalError as error:
            if not _is_about_the_table(error):
                raise
            return 0

    def _row(self, key: str) -> StoredSession | None:
        """The row of a key that has not expired."""
        try:
            row = StoredSession.objects.filter(key=hash_of(key)).first()
        except OperationalError as error:
            if not _is_about_the_table(error):
                raise
            return None
        return row if row is not None and row.expires > datetime.now(UTC) else None

    def _create(self, session: Session, expires: datetime) -> str:
        key, values, began = new_key(), pack(session.values_now), datetime.now(UTC)
        row = {"values": values, "began": began, "expires": expires, "owner": _owner(session)}
        try:
            StoredSession.objects.create(key=hash_of(key), **row)
        except OperationalError as error:
            if not _is_about_the_table(error):
                raise
            db.create_all(choose(None, StoredSession, write=True).alias, models=[StoredSession])
            StoredSession.objects.create(key=hash_of(key), **row)
        session.kept = Kept(values, began, key)
        return key

    def _update(self, session: Session, kept: Kept, key: str, expires: datetime) -> str | None:
        hashed, version = hash_of(key), kept.version
        base, ours = unpack(kept.values), session.values_now
        values = pack(ours)
        for _ in range(_MOST_ATTEMPTS):
            changed = StoredSession.objects.filter(key=hashed, version=version).update(
                values=values, version=version + 1, expires=expires, owner=_owner(session)
            )
            if changed:
                session.kept = Kept(values, kept.began, key, version + 1)
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


def _owner(session: Session) -> str:
    return str(session.values_now.get(OWNER, ""))[:64]


def _is_about_the_table(error: OperationalError) -> bool:
    return "spruce_session" in str(error) and "does not exist" in str(error)
