"""What is replaced: for each group that `monkey_patch` takes, the modules and their attributes."""

import _thread
import io
import select
import selectors
import time
from types import ModuleType
from typing import Any, Final

from spruce.green import GreenSocket, TlsSocket, local
from spruce.green import sleep as green_sleep
from spruce.green.runtime import can_yield
from spruce.patching import files, names, polling, threads
from spruce.patching.locks import Lock

__all__ = ["GROUPS", "replacements", "sleep"]

_sleep = time.sleep

GROUPS: Final[dict[str, tuple[str, ...]]] = {
    "os": ("os",),
    "select": ("select", "selectors"),
    "socket": ("socket", "ssl"),
    "subprocess": ("subprocess",),
    "thread": ("_thread", "threading", "queue"),
    "time": ("time",),
}
"""The modules of each group."""


def sleep(seconds: float, /) -> None:
    """As `time.sleep`."""
    if not can_yield():
        _sleep(seconds)
        return
    if seconds < 0:
        raise ValueError("sleep length must be non-negative")
    green_sleep(seconds)


def replacements() -> dict[str, dict[str, Any]]:
    """The new attributes by module. An attribute with a dot is one of a class in the module."""
    import queue  # here, since it belongs to threading's copy otherwise

    return {
        "_thread": _thread_attributes(),
        "os": _of(files, "read", "write", "waitpid", "wait", "wait3", "wait4", "system"),
        "queue": {"SimpleQueue": queue._PySimpleQueue},  # type: ignore[attr-defined]  # the one in Python
        "select": _select_attributes(),
        "selectors": _selectors_attributes(),
        "socket": {
            "socket": GreenSocket,
            **_of(names, "getaddrinfo", "getnameinfo", "gethostbyname", "gethostbyname_ex", "gethostbyaddr"),
        },
        "ssl": {"SSLContext.sslsocket_class": TlsSocket},
        "subprocess": {"io": _io()},
        "threading": _threading_attributes(),
        "time": {"sleep": sleep},
    }


def _io() -> ModuleType:
    """What subprocess needs of `io`, with pipes that are waited for."""
    module = ModuleType("io")
    vars(module).update({**vars(io), "open": files.open_pipe})
    return module


def _of(module: ModuleType, *attributes: str) -> dict[str, Any]:
    return {attribute: getattr(module, attribute) for attribute in attributes}


def _select_attributes() -> dict[str, Any]:
    found = {"select": polling.select, "poll": polling.Poll, "epoll": polling.Epoll}
    return {name: value for name, value in found.items() if hasattr(select, name)}


def _selectors_attributes() -> dict[str, Any]:
    found = {
        "SelectSelector._select": staticmethod(polling.select),
        "PollSelector._selector_cls": polling.Poll,
        "EpollSelector._selector_cls": polling.Epoll,
    }
    return {name: value for name, value in found.items() if hasattr(selectors, name.partition(".")[0])}


def _thread_attributes() -> dict[str, Any]:
    found = {
        "LockType": Lock,
        "_ThreadHandle": threads.Handle,
        "_make_thread_handle": threads.Handle,
        "_set_sentinel": threads.set_sentinel,
        "_start_joinable_thread": threads.start_joinable,
        "allocate": Lock,
        "allocate_lock": Lock,
        "get_ident": threads.get_ident,
        "lock": Lock,
        "start_joinable_thread": threads.start_joinable,
        "start_new": threads.start_new_thread,
        "start_new_thread": threads.start_new_thread,
    }
    return {name: value for name, value in found.items() if hasattr(_thread, name)}


def _threading_attributes() -> dict[str, Any]:
    import threading  # see above

    found = {
        "Lock": Lock,
        "_CRLock": None,
        "_ThreadHandle": threads.Handle,
        "_allocate_lock": Lock,
        "_get_main_thread_ident": threads.get_ident,  # asked for in a forked child, where who forked is the main one
        "_make_thread_handle": threads.Handle,
        "_set_sentinel": threads.set_sentinel,
        "_start_joinable_thread": threads.start_joinable,
        "_start_new_thread": threads.start_new_thread,
        "_thread_shutdown": threads.shutdown,
        "current_thread": threads.current_thread,
        "excepthook": threads.excepthook,
        "get_ident": threads.get_ident,
        "local": local,
    }
    return {name: value for name, value in found.items() if hasattr(threading, name)}
