"""Values that each green thread has for itself: `threading.local`, by green thread instead of OS thread.

Outside of green threads the values belong to the OS thread, as those of `threading.local` do.
"""

import _thread
from typing import Any
from weakref import WeakKeyDictionary

from greenlet import getcurrent

from spruce.green.carrier import Carrier
from spruce.green.greenthread import GreenThread

__all__ = ["OSLocal", "local"]

OSLocal = _thread._local
"""Values that each OS thread has for itself, for what green threads share; patches of `threading` leave it alone."""


class _Store:
    """What lies behind one `local`: the attributes of each thread, and what to initialise them with."""

    def __init__(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        self.args, self.kwargs = args, kwargs
        self.green: WeakKeyDictionary[GreenThread, dict[str, Any]] = WeakKeyDictionary()
        self.plain = _thread._local()

    def attributes(self) -> tuple[dict[str, Any], bool]:
        """The running thread's attributes, and whether they were made just now."""
        running = getcurrent()
        if type(running) is Carrier:
            found = self.green.get(running.thread)
            made = {} if found is None else found
            if found is None:
                self.green[running.thread] = made
        else:
            found = getattr(self.plain, "attributes", None)
            made = {} if found is None else found
            self.plain.attributes = made
        return made, found is None


class local:  # noqa: N801 - the standard library's name
    """An object whose attributes are the green thread's own; they go with the thread.

    A subclass with an `__init__` has it called, with the same arguments, in each thread that uses the object.
    """

    __slots__ = ("__dict__", "__weakref__", "_store")
    _store: _Store

    def __new__(cls, *args: Any, **kwargs: Any) -> "local":
        """Keep the arguments, for `__init__` in other threads."""
        if (args or kwargs) and cls.__init__ is object.__init__:
            raise TypeError("Initialization arguments are not supported")
        self = object.__new__(cls)
        store = _Store(args, kwargs)
        object.__setattr__(self, "_store", store)
        store.attributes()  # here Python itself calls __init__
        return self

    def __getattribute__(self, name: str) -> Any:
        _enter(self)
        return object.__getattribute__(self, name)

    def __setattr__(self, name: str, value: Any) -> None:
        _refuse_dict(self, name)
        _enter(self)
        object.__setattr__(self, name, value)

    def __delattr__(self, name: str) -> None:
        _refuse_dict(self, name)
        _enter(self)
        object.__delattr__(self, name)


def _refuse_dict(of: local, name: str) -> None:
    if name == "__dict__":
        raise AttributeError(f"{type(of).__name__!r} object attribute '__dict__' is read-only")


def _enter(of: local) -> None:
    """Make `of.__dict__` that of the running thread."""
    store: _Store = object.__getattribute__(of, "_store")
    attributes, new = store.attributes()
    object.__setattr__(of, "__dict__", attributes)
    if new and type(of).__init__ is not object.__init__:
        type(of).__init__(of, *store.args, **store.kwargs)
