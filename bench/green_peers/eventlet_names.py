"""The operations on green threads, written once for the two libraries that share eventlet's names."""

import socket
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from worker import Operation

__all__ = ["Library", "answers", "operations"]


@dataclass(frozen=True)
class Library:
    """What a library must have to be measured."""

    spawn: Callable[..., Any]
    sleep: Callable[..., Any]
    queue: Callable[[], Any]
    event: Callable[[], Any]
    pool: Callable[[int], Any]
    pair: Callable[[], Any]


def same(value: int) -> int:
    return value


def sockets(library: Library, count: int) -> None:
    ours, theirs = library.pair()

    def echo() -> None:
        for _ in range(count):
            theirs.sendall(theirs.recv(100))

    thread = library.spawn(echo)
    for _ in range(count):
        ours.sendall(b"x")
        ours.recv(100)
    thread.wait()
    ours.close()
    theirs.close()


def calls(count: int) -> None:
    """What `sockets` asks the system for, and no green thread: by plain sockets, which are ready."""
    ours, theirs = socket.socketpair()
    for _ in range(count):
        ours.sendall(b"x")
        theirs.sendall(theirs.recv(100))
        ours.recv(100)
    ours.close()
    theirs.close()


def event(library: Library, count: int) -> None:
    first = ask = library.event()

    def echo() -> None:
        ask = first
        for _ in range(count):
            ask, answer = ask.wait()
            answer.send(1)

    thread = library.spawn(echo)
    for _ in range(count):
        following, answer = library.event(), library.event()
        ask.send((following, answer))
        answer.wait()
        ask = following
    thread.wait()


def operations(library: Library) -> dict[str, Operation]:
    """Return the operations by name; each takes how often to do it and runs inside a green thread."""

    def spawn_wait(count: int) -> None:
        for number in range(count):
            library.spawn(same, number).wait()

    def spawn_many(count: int) -> None:
        for start in range(0, count, 1000):
            for thread in [library.spawn(same, number) for number in range(start, min(start + 1000, count))]:
                thread.wait()

    def queue(count: int) -> None:
        there, back = library.queue(), library.queue()

        def echo() -> None:
            for _ in range(count):
                back.put(there.get())

        thread = library.spawn(echo)
        for number in range(count):
            there.put(number)
            back.get()
        thread.wait()

    def sleep(count: int) -> None:
        for _ in range(count):
            library.sleep(0)

    def imap(count: int) -> None:
        for _ in library.pool(100).imap(same, range(count)):
            pass

    return {
        "spawn_wait": spawn_wait,
        "spawn_many": spawn_many,
        "queue": queue,
        "event": partial(event, library),
        "sleep": sleep,
        "sockets": partial(sockets, library),
        "calls": calls,
        "imap": imap,
    }


def answers(library: Library) -> dict[str, Any]:
    """Return what the measured calls give, to be compared between the libraries."""
    event, queue = library.event(), library.queue()
    event.send("sent")
    queue.put("queued")
    return {
        "spawn": [library.spawn(same, number).wait() for number in range(3)],
        "queue": queue.get(),
        "event": event.wait(),
        "imap": list(library.pool(2).imap(same, range(5))),
    }
