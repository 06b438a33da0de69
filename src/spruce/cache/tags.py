"""Tags of values: each has a token in the cache, and a value that was stored with another token counts as missing.

So a tag is invalidated by one write, however many values have it, and nobody keeps a list of them.
"""

from collections.abc import Iterable
from secrets import token_hex

from spruce.cache.stores import Envelope, Store

__all__ = ["Tags"]

_ROW_SECONDS = 7 * 24 * 3600
"""For how long the token of a table or row is kept; with it go the values that have it."""


class Tags:
    """The tags in a store, under keys with a prefix. All methods may block the green thread."""

    def __init__(self, store: Store, prefix: str) -> None:
        self._store = store
        self._prefix = prefix

    def _key(self, tag: str) -> str:
        return f"{self._prefix}:tag:{tag}"

    def tokens(self, tags: list[str], seconds: float | None = None) -> dict[str, str]:
        """Return the token of each tag; one that has none gets one, for so many seconds."""
        keys = {self._key(tag): tag for tag in tags}
        found = self._store.get_many(keys)
        for key in keys:
            if key not in found:
                self._store.add(key, token_hex(8), seconds)
        if len(found) < len(keys):
            found = self._store.get_many(keys)
        return {keys[key]: str(token) for key, token in found.items()}

    def of_rows(self, tags: list[str]) -> dict[str, str]:
        """Return the tokens of tables and rows, as `tokens`."""
        return self.tokens(tags, _ROW_SECONDS)

    def renew(self, tags: Iterable[str], store: Store) -> None:
        """Give each tag another token by a store that may tell of it."""
        store.set_many({self._key(tag): token_hex(8) for tag in tags}, None)

    def drop(self, tags: Iterable[str]) -> None:
        """Let these have no token."""
        self._store.delete([self._key(tag) for tag in tags])

    def unchanged(self, envelope: Envelope) -> bool:
        """Whether none of a value's tags has been invalidated; a tag whose token is lost has."""
        if not envelope.tags:
            return True
        found = self._store.get_many([self._key(tag) for tag in envelope.tags])
        return all(found.get(self._key(tag)) == token for tag, token in envelope.tags.items())
