"""monkey_patch: what it takes, what it leaves alone."""

from collections.abc import Callable
from pathlib import Path

import pytest

from spruce.errors import GreenError
from spruce.patching import is_monkey_patched, monkey_patch

Patched = Callable[..., str]


def test_nothing_is_patched_here() -> None:
    """Programs do that themselves."""
    assert not is_monkey_patched("socket")


def test_what_it_does_not_know() -> None:
    """With the nearest name; and what can't be done, with what to do instead."""
    with pytest.raises(TypeError) as caught:
        monkey_patch(sockets=True)
    assert str(caught.value) == (
        "monkey_patch() has no part 'sockets'; did you mean 'socket'?; there are: "
        "os, select, socket, subprocess, thread, time, psycopg and all"
    )
    with pytest.raises(GreenError, match=r"^Spruce doesn't patch builtins\. files have no way to wait"):
        monkey_patch(builtins=True)
    with pytest.raises(GreenError, match=r"^Spruce doesn't patch MySQLdb\. it is written in C"):
        monkey_patch(MySQLdb=True)


def test_parts(patched: Patched) -> None:
    """Those that are named, or all but those."""
    program = """
import socket, time
from spruce.patching import is_monkey_patched
print([name for name in ("socket", "ssl", "time", "threading", "select", "os") if is_monkey_patched(name)])
print(is_monkey_patched(time), is_monkey_patched(socket))
"""
    assert patched(program, "monkey_patch(time=True)") == "['time']\nTrue False\n"
    assert patched(program, "monkey_patch(time=False, thread=False)") == (
        "['socket', 'ssl', 'select', 'os']\nFalse True\n"
    )
    assert patched(program, "monkey_patch(all=False, socket=True)\nmonkey_patch(time=True)") == (
        "['socket', 'ssl', 'time']\nTrue True\n"
    )


def test_who_keeps_the_originals(patched: Patched) -> None:
    """asyncio, the pools of OS threads, and what of Spruce is imported later."""
    program = """
import asyncio, socket, threading, time
from concurrent.futures import ThreadPoolExecutor
from spruce import green
from spruce.patching import original
import spruce.testing.liveserver
assert spruce.testing.liveserver.threading is original("threading")

def where():
    time.sleep(0.001)
    return original("threading").get_ident()

with ThreadPoolExecutor(1) as pool:
    assert green.spawn(lambda: pool.submit(where).result()).wait() != original("threading").get_ident()

async def main():
    assert await asyncio.to_thread(where) != where()
    reader, writer = await asyncio.open_connection(*listener.getsockname())
    assert type(writer.get_extra_info("socket")._sock) is original("socket").socket
    writer.close()
    process = await asyncio.create_subprocess_exec("true")
    assert await process.wait() == 0

with socket.create_server(("127.0.0.1", 0)) as listener:
    asyncio.run(main())
print("kept")
"""
    assert patched(program) == "kept\n"


def test_asyncio_run_in_a_green_thread_says_what_to_write(patched: Patched) -> None:
    """Elsewhere it works as ever."""
    program = """
import asyncio
from spruce import green
async def answer():
    return 42
print(asyncio.run(answer()))
try:
    green.spawn(lambda: asyncio.run(answer())).wait()
except RuntimeError as error:
    print(error)
"""
    assert patched(program) == (
        "42\nasyncio.run() inside a green thread, whose loop runs already. Write spruce.green.await_(main()) instead\n"
    )


def test_only_in_the_main_thread(patched: Patched) -> None:
    """Which `threading` ends the process by."""
    program = """
from concurrent.futures import ThreadPoolExecutor
with ThreadPoolExecutor(1) as pool:
    print(pool.submit(monkey_patch).exception())
"""
    assert patched(program, "") == (
        "monkey_patch() was called outside of the main thread. Call it in the first lines of the program\n"
    )


def test_a_blocking_call_in_a_task_blocks_as_before(patched: Patched) -> None:
    """A program that worked goes on to work; the sentinel names such places."""
    program = """
import asyncio, socket, time
async def main():
    time.sleep(0.001)
    ours, theirs = socket.socketpair()
    theirs.send(b"x")
    with ours, theirs:
        return ours.recv(1)
print(asyncio.run(main()))
"""
    assert patched(program) == "b'x'\n"


def test_what_a_signals_handler_raises_comes_in_main(patched: Patched) -> None:
    """Wherever it waits, also as the main program of a loop; the loop goes on."""
    program = """
import os, signal, time
from spruce import green

def handler(*_):
    raise KeyError("from the handler")

signal.signal(signal.SIGALRM, handler)

def main():
    signal.setitimer(signal.ITIMER_REAL, 0.01)
    try:
        time.sleep(60)
    except KeyError as error:
        print(error)
    green.spawn(print, "the loop goes on").wait()

green.spawn(int).wait()
main()
green.run(main)
"""
    assert patched(program) == "'from the handler'\nthe loop goes on\n" * 2


def test_a_forked_child_of_a_green_thread_blocks(patched: Patched) -> None:
    """Since nobody else runs there."""
    program = """
import os, socket, time
from spruce import green

def forks():
    ours, theirs = socket.socketpair()
    child = os.fork()
    if not child:
        time.sleep(0.001)
        theirs.sendall(b"from the child")
        os._exit(0)
    theirs.close()
    with ours:
        print(ours.recv(100))
    os.waitpid(child, 0)

green.spawn(forks).wait()
"""
    assert patched(program) == "b'from the child'\n"


def test_green_threads_share_the_connections_of_their_os_thread(patched: Patched, tmp_path: Path) -> None:
    """The database's driver is imported when `threading.local` is by green thread already."""
    program = f"""
import threading
from spruce import config, db, green

config.install(config.Settings(DATABASES={{"default": "sqlite:///{tmp_path}/shop.db"}}))

class Visit(db.Model):
    number = db.IntegerField()

def main():
    db.create_all()
    barrier = threading.Barrier(10)

    def visit(number):
        Visit.objects.create(number=number)
        barrier.wait()
        return db.stats()["default"]["connections"]

    print(set(green.gather(*[lambda number=number: visit(number) for number in range(10)])))

green.run(main)
"""
    assert patched(program) == "{2}\n"
