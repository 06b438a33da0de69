"""gevent on its default loop, with its own names: `AsyncResult` is what eventlet's Event is there."""

import socket
from typing import Any

import gevent
from gevent.event import AsyncResult
from gevent.pool import Pool
from gevent.queue import Queue
from gevent.socket import socketpair

from worker import serve


def same(value: int) -> int:
    return value


def spawn_wait(count: int) -> None:
    for number in range(count):
        gevent.spawn(same, number).get()


def spawn_many(count: int) -> None:
    for start in range(0, count, 1000):
        for thread in [gevent.spawn(same, number) for number in range(start, min(start + 1000, count))]:
            thread.get()


def queue(count: int) -> None:
    there, back = Queue(), Queue()

    def echo() -> None:
        for _ in range(count):
            back.put(there.get())

    thread = gevent.spawn(echo)
    for number in range(count):
        there.put(number)
        back.get()
    thread.get()


def event(count: int) -> None:
    first = ask = AsyncResult()

    def echo() -> None:
        ask = first
        for _ in range(count):
            ask, answer = ask.get()
            answer.set(1)

    thread = gevent.spawn(echo)
    for _ in range(count):
        following, answer = AsyncResult(), AsyncResult()
        ask.set((following, answer))
        answer.get()
        ask = following
    thread.get()


def sleep(count: int) -> None:
    for _ in range(count):
        gevent.sleep(0)


def sockets(count: int) -> None:
    ours, theirs = socketpair()

    def echo() -> None:
        for _ in range(count):
            theirs.sendall(theirs.recv(100))

    thread = gevent.spawn(echo)
    for _ in range(count):
        ours.sendall(b"x")
        ours.recv(100)
    thread.get()
    ours.close()
    theirs.close()


def calls(count: int) -> None:
    """What `sockets` asks the system for, and no greenlet: by plain sockets, which are ready."""
    ours, theirs = socket.socketpair()
    for _ in range(count):
        ours.sendall(b"x")
        theirs.sendall(theirs.recv(100))
        ours.recv(100)
    ours.close()
    theirs.close()


def imap(count: int) -> None:
    for _ in Pool(100).imap(same, range(count)):
        pass


def answers() -> dict[str, Any]:
    event, queue = AsyncResult(), Queue()
    event.set("sent")
    queue.put("queued")
    return {
        "spawn": [gevent.spawn(same, number).get() for number in range(3)],
        "queue": queue.get(),
        "event": event.get(),
        "imap": list(Pool(2).imap(same, range(5))),
    }


operations = {
    "spawn_wait": spawn_wait,
    "spawn_many": spawn_many,
    "queue": queue,
    "event": event,
    "sleep": sleep,
    "sockets": sockets,
    "calls": calls,
    "imap": imap,
}
gevent.spawn(serve, operations, answers).get()
