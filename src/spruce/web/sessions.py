"""What web expects of a session, and of the middleware that makes and keeps sessions."""

from collections.abc import ItemsView, Iterator, KeysView
from typing import Any, Protocol, overload

from spruce.http import Request, Response

__all__ = ["Session", "SessionInterface"]


class Session(Protocol):
    """A dict that the visitor's next requests find again; keys are texts, `get` and `pop` a dict's.

    `accessed` tells that somebody looked into it, so that the response depends on who asks; `modified` that it differs
    from what was kept. `permanent`, as in Flask: whether it outlives the browser.
    """

    accessed: bool
    modified: bool
    permanent: bool

    def __getitem__(self, key: str, /) -> Any: ...
    def __setitem__(self, key: str, value: Any, /) -> None: ...
    def __delitem__(self, key: str, /) -> None: ...
    def __contains__(self, key: object, /) -> bool: ...
    def __iter__(self) -> Iterator[str]: ...
    def __len__(self) -> int: ...
    @overload
    def get(self, key: str, /) -> Any: ...
    @overload
    def get(self, key: str, default: Any, /) -> Any: ...

    @overload
    def pop(self, key: str, /) -> Any: ...
    @overload
    def pop(self, key: str, default: Any, /) -> Any: ...

    def update(self, *args: Any, **values: Any) -> None:
        """Set several keys, of a dict or of keywords."""
        ...

    def clear(self) -> None:
        """Take everything out; `flush` forgets the session as well."""
        ...

    def keys(self) -> KeysView[str]:
        """The keys."""
        ...

    def items(self) -> ItemsView[str, Any]:
        """The keys with their values."""
        ...

    def setdefault(self, key: str, default: Any = None, /) -> Any:
        """Return the value of `key`, set to `default` first when there is none."""
        ...

    def flush(self) -> None:
        """Forget everything, on the server too: the visitor is nobody again."""
        ...

    def cycle_key(self) -> None:
        """Keep everything under a new key; to be called when a visitor becomes somebody."""
        ...

    def set_expiry(self, value: Any) -> None:
        """Let it end in so many seconds, at a time, with the browser (0), or as the settings say (None)."""
        ...


class SessionInterface(Protocol):
    """What a middleware has that keeps sessions; the test client opens and saves them by it."""

    def open_session(self, request: Request) -> Session:
        """Return the session that `request` belongs to."""
        ...

    def save_session(self, request: Request, session: Any, response: Response) -> None:
        """Keep what changed, and tell the browser by `response`."""
        ...
