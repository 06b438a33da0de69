"""Run what must block in OS threads, while green threads go on."""

import contextvars
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, ParamSpec, TypeVar

from spruce.green.runtime import get_hub, running
from spruce.green.threads import await_

__all__ = ["Proxy", "execute", "killall", "set_num_threads"]

P = ParamSpec("P")
T = TypeVar("T")

_threads = int(os.environ.get("EVENTLET_THREADPOOL_SIZE", "20"))
_executor: ThreadPoolExecutor | None = None


def _get_executor() -> ThreadPoolExecutor:
    global _executor
    if _executor is None:
        _executor = ThreadPoolExecutor(max_workers=_threads, thread_name_prefix="spruce-tpool")
    return _executor


def execute(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Call the function in an OS thread, with the caller's context variables; block the green thread until its result.

    At most 20 run at a time (`set_num_threads`); more wait their turn. A call that has begun can't be stopped: an
    interrupted caller leaves it behind. Where blocking isn't possible it raises GreenError.
    """
    if not running():
        get_hub().current()  # raises the error that says why
    if _threads == 0:
        return function(*args, **kwargs)
    call = partial(contextvars.copy_context().run, function, *args, **kwargs)
    return await_(get_hub().loop.run_in_executor(_get_executor(), call))


def set_num_threads(count: int) -> None:
    """Let `count` calls run at a time from now on; 0 runs them in place, blocking the loop. Calls that run go on."""
    global _threads
    if count < 0:
        raise ValueError(f"the number of threads must be 0 or more, not {count}")
    _threads = count
    killall()


def killall() -> None:
    """Let the pool's threads end when their calls have; the next `execute` starts new ones."""
    global _executor
    executor, _executor = _executor, None
    if executor is not None:
        executor.shutdown(wait=False)


class Proxy:
    """An object whose methods are called in OS threads by `execute`; attributes that can't be called are as they are.

    What a method returns, or an attribute is, comes in a Proxy too if it is an instance of one of the classes in
    `autowrap`, or the name is in `autowrap_names`.
    """

    __slots__ = ("_autowrap", "_autowrap_names", "_obj")

    def __init__(self, obj: Any, autowrap: tuple[type, ...] = (), autowrap_names: tuple[str, ...] = ()) -> None:
        self._obj = obj
        self._autowrap = tuple(autowrap)
        self._autowrap_names = frozenset(autowrap_names)

    def _call(self, name: str, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        return self._wrapped(name, execute(function, *args, **kwargs))

    def _wrapped(self, name: str, value: Any) -> Any:
        if not isinstance(value, Proxy) and (isinstance(value, self._autowrap) or name in self._autowrap_names):
            return Proxy(value, self._autowrap)
        return value

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._obj, name)
        return partial(self._call, name, value) if callable(value) else self._wrapped(name, value)

    def __setattr__(self, name: str, value: Any) -> None:
        if name in Proxy.__slots__:
            object.__setattr__(self, name, value)
        else:
            setattr(self._obj, name, value)

    def __delattr__(self, name: str) -> None:
        delattr(self._obj, name)

    # Python looks these up in the class, so each has to be here; the quick ones run in place.

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the object in an OS thread."""
        return self._call("__call__", self._obj, *args, **kwargs)

    def __getitem__(self, key: Any) -> Any:
        return self._call("__getitem__", self._obj.__getitem__, key)

    def __setitem__(self, key: Any, value: Any) -> None:
        execute(self._obj.__setitem__, key, value)

    def __delitem__(self, key: Any) -> None:
        execute(self._obj.__delitem__, key)

    def __enter__(self) -> Any:
        return self._call("__enter__", self._obj.__enter__)

    def __exit__(self, *failure: Any) -> Any:
        return execute(self._obj.__exit__, *failure)

    def __iter__(self) -> Iterator[Any]:
        return _ProxyIterator(execute(iter, self._obj))

    def __next__(self) -> Any:
        return _next(self._obj)

    def __contains__(self, item: Any) -> bool:
        return item in self._obj

    def __len__(self) -> int:
        return len(self._obj)

    def __bool__(self) -> bool:
        return bool(self._obj)

    def __eq__(self, other: object) -> bool:
        return bool(self._obj == (other._obj if isinstance(other, Proxy) else other))

    def __hash__(self) -> int:
        return hash(self._obj)

    def __repr__(self) -> str:
        return repr(self._obj)

    def __str__(self) -> str:
        return str(self._obj)


_END = object()


def _next(iterator: Any) -> Any:
    """The next item, from an OS thread; StopIteration can't come through a future."""
    item = execute(next, iterator, _END)
    if item is _END:
        raise StopIteration
    return item


class _ProxyIterator:
    """Iterates in OS threads."""

    def __init__(self, iterator: Any) -> None:
        self._iterator = iterator

    def __iter__(self) -> "_ProxyIterator":
        return self

    def __next__(self) -> Any:
        return _next(self._iterator)


def _forget() -> None:
    global _executor
    _executor = None


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)
