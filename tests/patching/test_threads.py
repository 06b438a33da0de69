"""What `threading` is made of in patched programs."""

import threading
from collections.abc import Callable

import pytest

from spruce import green
from spruce.patching import threads

Patched = Callable[..., str]


def test_numbers_of_green_threads() -> None:
    """Each has its own; outside it is the OS thread's."""
    assert threads.get_ident() == threading.get_ident()
    mine = threading.get_ident()
    assert green.run(lambda: len({threads.get_ident(), green.spawn(threads.get_ident).wait(), mine})) == 3


def test_what_cannot_be_started() -> None:
    """As `_thread`'s."""
    with pytest.raises(TypeError, match=r"^first arg must be callable$"):
        threads.start_new_thread(7, ())  # type: ignore[arg-type] # the point of the test
    with pytest.raises(TypeError, match=r"^2nd arg must be a tuple$"):
        threads.start_new_thread(print, [])  # type: ignore[arg-type] # the same
    with pytest.raises(TypeError, match=r"^optional 3rd arg must be a dictionary$"):
        threads.start_new_thread(print, (), 7)


def test_a_handle_is_joined() -> None:
    """By several; with a limit; not by the thread itself."""

    def main() -> None:
        go = green.Event()
        handle = threads.start_joinable(go.wait)
        handle.join(0.001)
        assert not handle.is_done()
        joiners = [green.spawn(handle.join) for _ in range(2)]
        green.sleep()
        go.send()
        for joiner in joiners:
            joiner.wait()
        assert handle.is_done()
        handle.join()
        itself = threads.Handle(threads.get_ident())
        with pytest.raises(RuntimeError, match=r"^Cannot join current thread$"):
            itself.join()
        for call in (threads.Handle().join, threads.Handle()._set_done):
            with pytest.raises(RuntimeError, match=r"^thread not started$"):
                call()
        with pytest.raises(RuntimeError, match=r"^thread already started$"):
            threads.start_joinable(go.wait, handle)

    green.run(main)


def test_the_stand_in_of_a_green_thread() -> None:
    """One for each, with a name, gone with it."""

    def main() -> None:
        known = len(threading.enumerate())
        mine = threads.current_thread()
        assert mine is threads.current_thread()
        assert mine.name.startswith("green-")
        assert mine.is_alive()
        other = green.spawn(threads.current_thread).wait()
        assert other is not mine
        assert not other.is_alive()
        assert len(threading.enumerate()) == known

    green.run(main)
    assert threads.current_thread() is threading.current_thread()


def test_the_process_waits_for_threads_that_are_no_daemons(patched: Patched) -> None:
    """And not for daemons."""
    program = """
import threading, time
threading.Thread(target=lambda: (time.sleep(0.05), print("worked")), daemon=False).start()
threading.Thread(target=lambda: (time.sleep(3600), print("never")), daemon=True).start()
print("main has ended")
"""
    assert patched(program) == "main has ended\nworked\n"


def test_threads_of_a_plain_os_thread_are_real(patched: Patched) -> None:
    """Since no green thread would ever run there."""
    program = """
import threading, time
from spruce.green import tpool, getcurrent, spawn
from spruce.patching import original

def outside():
    thread = threading.Thread(target=lambda: found.append(original("threading").get_ident()))
    thread.start()
    thread.join()
    return original("threading").get_ident()

found = []
ident = spawn(tpool.execute, outside).wait()
assert len({ident, original("threading").get_ident(), *found}) == 3
print("three")
"""
    assert patched(program) == "three\n"


def test_a_thread_that_ends_itself(patched: Patched) -> None:
    """SystemExit ends the thread only; what it fails with goes to threading.excepthook."""
    program = """
import sys, threading, _thread
thread = threading.Thread(target=_thread.exit)
thread.start()
thread.join()
threading.excepthook = lambda info: print(info.exc_type.__name__, info.thread.name)
thread = threading.Thread(target=lambda: 1 / 0, name="failing")
thread.start()
thread.join()
print(thread.is_alive())
"""
    assert patched(program) == "ZeroDivisionError failing\nFalse\n"


def test_a_fork_in_a_green_thread(patched: Patched) -> None:
    """The child has that one thread, which is known to `threading`."""
    program = """
import os, threading, time

def forker():
    child = os.fork()
    assert threading.current_thread() in threading.enumerate()
    if child:
        assert os.waitpid(child, 0) == (child, 0)
        print("ended well", flush=True)
    else:
        assert len(threading.enumerate()) == 1
        os._exit(0)

other = threading.Thread(target=time.sleep, args=(0.05,))
other.start()
thread = threading.Thread(target=forker)
thread.start()
thread.join()
other.join()
"""
    assert patched(program) == "ended well\n"
