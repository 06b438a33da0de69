"""What was there before a program was patched."""

from collections.abc import Callable

Patched = Callable[..., str]


def test_locks_that_were_there_are_exchanged(patched: Patched) -> None:
    """Plain ones, conditions and what is built of them; those that are held are named."""
    before = """
import logging, queue, threading
logging.basicConfig(format="%(message)s")

class Holder:
    def __init__(self):
        self.lock = threading.Lock()
        self.busy = threading.Lock()
        self.again = threading.RLock()

class Shared:
    lock = threading.RLock()

several = [threading.Lock()]
holder = Holder()
holder.busy.acquire()
lines = queue.Queue()
event = threading.Event()
monkey_patch()
"""
    program = """
from spruce import green
from spruce.patching.locks import Lock
assert type(holder.lock) is Lock
assert type(holder.again) is type(Shared.lock) is threading._PyRLock
assert type(several[0]) is Lock
assert lines.not_empty.acquire.__self__ is lines.mutex
assert type(lines.mutex) is Lock
green.spawn_after(0.001, lines.put, "from a green thread")
print(lines.get())
green.spawn_after(0.001, event.set)
print(event.wait())
"""
    assert patched(program, before) == (
        "from a green thread\nTrue\nthese locks were held when the program was patched, and stay real ones: busy\n"
    )


def test_who_has_taken_an_original_by_name_is_told(patched: Patched) -> None:
    """With what it took; the standard library's modules get the new one, and ours are ours by whatever name."""
    before = """
import logging, sys, types
logging.basicConfig(format="%(message)s")
import tempfile
library = types.ModuleType("library")
exec("from time import sleep\\nfrom socket import socket", vars(library))
sys.modules["library"] = library
import spruce.patching.files
sys.modules["ours"] = spruce.patching.files
monkey_patch()
"""
    program = """
from spruce.patching.locks import Lock
assert tempfile._allocate_lock is Lock
print("patched")
"""
    assert patched(program, before) == (
        "patched\n"
        "these modules were imported before the program was patched, and what they took by name blocks: "
        "library (socket.socket, time.sleep); "
        "call monkey_patch() first, or import the thing's module instead of the thing\n"
    )
