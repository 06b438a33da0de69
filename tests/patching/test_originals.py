"""Modules without patches."""

import select
import socket
import sys
import threading
from collections.abc import Callable
from types import ModuleType

import pytest

from spruce.patching.originals import executed, imported, original


def test_modules_that_are_never_patched_are_themselves() -> None:
    assert original("json") is sys.modules["json"]


def test_a_copy_is_made_once_and_has_its_own_globals() -> None:
    """What it imports is original as well."""
    copy = original("socket")
    assert copy is original("socket")
    assert copy is not socket
    assert copy.create_connection.__globals__ is vars(copy)
    assert original("selectors").select is original("select") is not select


def test_threads_of_the_copy_are_known_to_everybody() -> None:
    """They share what `threading` knows of threads."""
    seen: list[bool] = []
    thread = original("threading").Thread(target=lambda: seen.append(thread in threading.enumerate()))
    thread.start()
    thread.join()
    assert seen == [True]
    assert original("threading").main_thread() is threading.main_thread()


def test_imports_are_put_back() -> None:
    """Also if the block fails; what wasn't there isn't afterwards."""
    before, stand_in = sys.modules["json"], ModuleType("json")
    seen = []
    with pytest.raises(KeyError), imported({"json": stand_in, "not.there": stand_in}):
        seen.append({}[sys.modules["json"]])
    assert sys.modules["json"] is before
    assert "not.there" not in sys.modules
    with pytest.raises(ModuleNotFoundError, match=r"^No module named 'not_there'$"):
        executed("not_there", {})


def test_in_a_patched_program(patched: Callable[..., str]) -> None:
    """The originals are what they were."""
    program = """
import time, threading, select, os
from spruce.patching import original
assert original("time").sleep is not time.sleep
assert original("time").sleep.__module__ == "time"
assert type(original("threading").Lock()).__module__ == "_thread"
assert type(threading.Lock()).__module__ == "spruce.patching.locks"
assert original("os").read.__module__ == "posix"
print("all")
"""
    assert patched(program) == "all\n"
