"""`threading` and `_thread` of patched programs: a Thread is a green thread of the OS thread that starts it.

Where no green thread could ever run (a plain OS thread other than the main one, in a pool say) a real one is started.
`threading`'s own classes do the rest; what they are made of is here.
"""

import _thread
import threading
import weakref
from collections.abc import Callable
from contextvars import Context
from typing import Any

from spruce.green import GreenletExit, GreenThread, spawn_detached
from spruce.green.runtime import can_yield, peek_hub, running_thread
from spruce.patching.locks import Lock

__all__ = [
    "Handle",
    "current_thread",
    "excepthook",
    "get_ident",
    "set_sentinel",
    "shutdown",
    "start_joinable",
    "start_new_thread",
]

_get_ident, _start = _thread.get_ident, _thread.start_new_thread
_current_thread, _excepthook = threading.current_thread, threading.excepthook
_set_sentinel: Any = getattr(_thread, "_set_sentinel", None)  # until Python 3.12
_shutdown: Any = getattr(_thread, "_shutdown", None)  # since Python 3.13
_sentinels = _thread._local()  # of a real thread that was started here: released at its end
_undying: dict["Handle", None] = {}  # those of threads that the process waits for


def get_ident() -> int:
    """A number of the running green thread, or of the OS thread outside of any."""
    thread = running_thread()
    return _get_ident() if thread is None else id(thread)


def start_new_thread(function: Callable[..., object], args: tuple[Any, ...], kwargs: Any = None, /) -> int:
    """As `_thread.start_new_thread`: run the function in a green thread that outlives whoever starts it."""
    if not callable(function):
        raise TypeError("first arg must be callable")
    if not isinstance(args, tuple):
        raise TypeError("2nd arg must be a tuple")
    if not isinstance(kwargs, dict | None):
        raise TypeError("optional 3rd arg must be a dictionary")
    if peek_hub() is None and _get_ident() != threading.main_thread().ident:
        return _start(_run_real, (function, args, kwargs or {}))
    thread = spawn_detached(_run, function, args, kwargs or {})
    thread.context = Context()  # as an OS thread, it knows nothing of the context that it was started in
    return id(thread)


def _run(function: Callable[..., object], args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    try:
        function(*args, **kwargs)
    except SystemExit:
        pass  # ends the thread, as `_thread.exit()` does


def _run_real(function: Callable[..., object], args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    locks = _sentinels.locks = []
    try:
        function(*args, **kwargs)
    finally:
        for lock in locks:
            lock.release()


def set_sentinel() -> Any:
    """A lock that is released when the running thread ends, once it was taken; `threading` joins threads by it."""
    thread = running_thread()
    if thread is not None:
        lock = Lock()
        thread.link(_release, lock)
        return lock
    locks = getattr(_sentinels, "locks", None)
    if locks is None:
        return _set_sentinel()
    locks.append(lock := Lock())
    return lock


def _release(_: GreenThread, lock: Lock) -> None:
    if lock.locked():
        lock.release()


def current_thread() -> threading.Thread:
    """As `threading.current_thread`; a green thread that is no Thread has a stand-in, which goes with it."""
    thread = running_thread()
    if thread is None:
        return _current_thread()
    known: Any = threading._active.get(id(thread))  # type: ignore[attr-defined]  # what its current_thread looks at
    if known is None:
        known = vars(thread).get("stdlib")
        if known is None:
            known = vars(thread)["stdlib"] = _StandIn(thread)
    return known  # type: ignore[no-any-return]  # a Thread


class _StandIn(threading._DummyThread):
    """What `threading` sees of a green thread that it hasn't started."""

    def __init__(self, thread: GreenThread) -> None:
        self._green = weakref.ref(thread)
        threading.Thread.__init__(self, name=f"green-{thread.name}", daemon=True)
        private: Any = self
        private._started.set()
        private._ident = id(thread)
        private._native_id = threading.get_native_id()

    def is_alive(self) -> bool:
        """Whether the green thread has not ended."""
        thread = self._green()
        return thread is not None and not thread.dead


def excepthook(info: Any, /) -> None:
    """As `threading.excepthook`, which has no word for a thread that was killed."""
    if info.exc_type is not GreenletExit:
        _excepthook(info)


# ---- since Python 3.13 ----------------------------------------------------------------------------------------------


class Handle:
    """`_thread._ThreadHandle` of a green thread: by which it is joined."""

    def __init__(self, ident: int | None = None) -> None:
        self.ident = ident
        self._done = False
        self._end = Lock()
        self._end.acquire()

    def is_done(self) -> bool:
        """Whether it has ended."""
        return self._done

    def _set_done(self) -> None:
        self._check_started()
        if not self._done:
            self._done = True
            _undying.pop(self, None)
            self._end.release()

    def _check_started(self) -> None:
        if self.ident is None:
            raise RuntimeError("thread not started")

    def join(self, timeout: float | None = None) -> None:
        """Wait until it has ended, `timeout` seconds at most."""
        if self._done:
            return
        self._check_started()
        if self.ident == get_ident():
            raise RuntimeError("Cannot join current thread")
        if self._end.acquire(timeout=-1 if timeout is None or timeout < 0 else timeout):
            self._end.release()  # for the next who joins


def start_joinable(function: Callable[[], object], handle: Any = None, daemon: bool = True) -> Any:
    """As `_thread._start_joinable_thread`."""
    handle = Handle() if handle is None else handle
    if handle.ident is not None:
        raise RuntimeError("thread already started")
    if not daemon:
        _undying[handle] = None
    handle.ident = start_new_thread(_run_joinable, (function, handle))
    return handle


def _run_joinable(function: Callable[[], object], handle: Handle) -> None:
    handle.ident = get_ident()
    try:
        function()
    finally:
        handle._set_done()


def shutdown() -> None:
    """As `_thread._shutdown`: wait for the threads that are no daemons."""
    if can_yield():
        while _undying:
            next(iter(_undying)).join()
    _shutdown()
