"""Values that know what they were made from: `depends="auto"` drops them when the database changes.

While such a value is made, each query tells beforehand which tables it is about to read, and which rows where it can
tell. Each table, and each row, has a token in the cache, as tags have; the tokens are read before the query runs. A
commit gives new tokens to what it changed, after it is done and before it returns; a value whose tokens are not those
of now counts as missing. So a value made from what was there before a commit either carries tokens from before it, or
is none.

Tokens: of a table (any change), of rows unknown in a table (a change that can't be pinned to rows), of a row, and of
everything (a change of nobody knows what). A value that reads by primary key depends on those rows and on rows
unknown; any other on the tables. Tables go by name, in whichever database they are. What is read inside of a
transaction that has changed something, or that sees an older state of the database, is not kept. Replicas don't
answer, since they may be behind.
"""

import weakref
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from typing import Any, Literal, Protocol

from spruce import config
from spruce.events import Event, db_changed, db_reading

__all__ = ["Dependent", "Depends", "Recording", "current_recording", "watch"]

Depends = Literal["auto"] | None
"""What a value depends on: with "auto" on all that is read from databases while it is made."""

EVERYTHING = "db:*"
"""The tag of changes of nobody knows what."""

_OWN = frozenset({"spruce_cache"})
"""Where caches keep their values; what is in there has dependencies of its own."""

_MOST_ROWS = 100
"""A value that read more rows than these of one table depends on the whole table."""

Tokens = Callable[[list[str]], Mapping[str, str]]

_recording: ContextVar["Recording | None"] = ContextVar("spruce_cache_recording", default=None)
_invalidating: ContextVar[bool] = ContextVar("spruce_cache_invalidating", default=False)


def current_recording() -> "Recording | None":
    """What records the reads of the value that is being made here."""
    return _recording.get()


class Recording:
    """What a value for the cache `place` was made from; `tokens` gives the tokens of tags, as they are now."""

    def __init__(self, place: object, tokens: Tokens) -> None:
        self.place = place
        self._read_tokens = tokens
        self._seen: dict[str, str] = {}
        self._needed: set[str] = set()
        self._rows: dict[str, int] = {}
        self.keepable = True
        """Whether the value may be kept at all."""

    @property
    def tokens(self) -> dict[str, str]:
        """The token of each thing that it depends on, from before that was read."""
        return {tag: self._seen[tag] for tag in self._needed}

    @contextmanager
    def running(self) -> Iterator[None]:
        """Record what is read in the block, here and in green threads that are spawned in it."""
        _subscribe_reading()
        outer = _recording.get()
        token = _recording.set(self)
        try:
            with _newest():
                yield
        finally:
            _recording.reset(token)
            if outer is not None:
                outer.absorb(self.place, self.tokens, keepable=self.keepable)

    def absorb(self, place: object, tokens: Mapping[str, str], *, keepable: bool = True) -> None:
        """Depend on what a value from the cache `place` depends on, with the tokens that it has there."""
        self.keepable = self.keepable and keepable and (place is self.place or not tokens)
        for tag, token in tokens.items():
            if self._seen.setdefault(tag, token) != token:
                self.keepable = False  # it has changed between the two
            self._needed.add(tag)

    def read(self, tables: Collection[str], keys: tuple[str, ...] | None, *, settled: bool) -> None:
        """Note what is about to be read."""
        if tables and _OWN.issuperset(tables):
            return
        self.keepable = self.keepable and settled
        if not self.keepable:
            return
        needed = {EVERYTHING}
        more = set[str]()
        for table in tables:
            if table in _OWN:
                continue
            self._rows[table] = self._rows.get(table, 0) + len(keys or ())
            if keys is None or self._rows[table] > _MOST_ROWS:
                needed.add(of_table(table))
            else:
                needed.add(of_unknown_rows(table))
                needed.update(of_row(table, key) for key in keys)
                more.add(of_table(table))  # needed if a row turns out not to be there
        unseen = sorted((needed | more) - self._seen.keys())
        if unseen:
            outside = _recording.set(None)  # the cache may be in a database
            try:
                for tag, token in self._read_tokens(unseen).items():
                    self._seen.setdefault(tag, token)
            finally:
                _recording.reset(outside)
        self.keepable = self.keepable and needed <= self._seen.keys()
        self._needed |= needed & self._seen.keys()


def of_table(table: str) -> str:
    """The tag of any change in a table."""
    return f"db:{table}"


def of_unknown_rows(table: str) -> str:
    """The tag of changes in a table that cannot be pinned to rows."""
    return f"db:{table}:*"


def of_row(table: str, key: str) -> str:
    """The tag of changes of a row."""
    return f"db:{table}={key}"


def tags_of(changes: Iterable[Any]) -> set[str]:
    """The tags that a commit invalidates."""
    tags = set[str]()
    for table, keys in changes:
        if table in _OWN:
            continue
        if not table:
            tags.add(EVERYTHING)
            continue
        tags.add(of_table(table))
        if keys is None:
            tags.add(of_unknown_rows(table))
        else:
            tags.update(of_row(table, key) for key in keys)
    return tags


class Dependent(Protocol):
    """A cache with values that depend on the database."""

    def drop_tokens(self, tags: Iterable[str]) -> None:
        """Let the values that have these tags count as missing."""
        ...


def _newest() -> AbstractContextManager[None]:
    """Let no replica answer, whose rows may be older than the tokens."""
    if not config.current()["DATABASE_REPLICAS"]:
        return nullcontext()
    from spruce.db.replicas import primary  # whoever has replicas has loaded it

    return primary()


class _Subscriptions:
    """Those of this process, made when they are first needed."""

    reading = False
    caches: "weakref.WeakSet[Dependent] | None" = None


def _subscribe_reading() -> None:
    if not _Subscriptions.reading:
        _Subscriptions.reading = True
        db_reading.subscribe(_note)


def _note(event: Event) -> None:
    recording = _recording.get()
    if recording is not None:
        told: Any = event
        recording.read(told["tables"], told["keys"], settled=told["settled"])


def watch(cache: Dependent) -> None:
    """Let a cache know of what this process commits from now on."""
    if _Subscriptions.caches is None:
        _Subscriptions.caches = weakref.WeakSet()
        db_changed.subscribe(_invalidate)
    _Subscriptions.caches.add(cache)


def _invalidate(event: Event) -> None:
    told: Any = event
    tags = tags_of(told["changes"])
    if not tags or _invalidating.get():  # a cache in a table makes that table when it first needs it
        return
    token = _invalidating.set(True)
    try:
        for cache in list(_Subscriptions.caches or ()):
            cache.drop_tokens(tags)
    finally:
        _invalidating.reset(token)
