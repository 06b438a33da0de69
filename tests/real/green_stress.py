"""The program of test_green_stress.py: everything at once, for some seconds, on the loop that the command line names.

It does what moves C stacks and what loops remember: thousands of green threads at different depths, sockets opened and
closed inside callbacks, timers cancelled inside callbacks, TLS, OS threads, kills, and the collector in between. At the
end it says what is left of threads, tasks, descriptors and watchers, which should be nothing, and how much it did.
"""

import asyncio
import contextlib
import gc
import json
import os
import random
import re
import socket
import ssl
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import trustme

from spruce import green
from spruce.green.sockets import GreenSocket

chance = random.Random()
done: Counter[str] = Counter()


def smear(depth: int) -> int:
    """Use so much of the C stack: each level nests in C code of three kinds."""
    if depth <= 0:
        return 0
    kind = depth % 3
    if kind == 0:
        return sum(map(smear, (depth - 1,))) + 1
    if kind == 1:
        return len(sorted([1], key=lambda _: smear(depth - 1)))
    return len(re.sub("x", lambda _: str(smear(depth - 1))[:1], "x"))


def pause() -> float:
    return chance.choice((0, 0, 0.0005, 0.001, 0.003))


def sleeper() -> None:
    """Sleep, at some depth, more than once."""
    for _ in range(chance.randrange(1, 6)):
        smear(chance.randrange(12))
        green.sleep(pause())


def killed() -> None:
    """A thread that is killed wherever it happens to be, with work in its finally block."""

    def victim() -> None:
        try:
            chance.choice((lambda: green.sleep(60), lambda: green.await_(asyncio.sleep(60)), green.Queue().get))()
        finally:
            green.sleep(0)
            smear(5)
            done["cleaned"] += 1

    threads = [green.spawn(victim) for _ in range(5)]
    green.sleep(pause())
    for thread in threads:
        thread.kill()
    for thread in threads:
        with contextlib.suppress(green.GreenletExit):
            thread.wait()


def timed_out() -> None:
    """Timeouts of ours and of asyncio's, around waits of both kinds."""
    with green.Timeout(pause(), False):
        green.Event().wait()
    with green.Timeout(pause(), False):
        green.await_(asyncio.sleep(60))

    async def theirs() -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(pause()):
                chance.choice((lambda: green.sleep(60), int))()
                await asyncio.sleep(60)

    green.await_(theirs())


def grouped() -> None:
    """A TaskGroup whose tasks use green threads, sometimes with a failure."""

    async def child(fails: bool) -> None:
        await green.spawn(green.sleep, pause())
        await asyncio.sleep(pause())
        if fails:
            raise LookupError

    async def parent() -> None:
        async with asyncio.TaskGroup() as group:
            for _ in range(5):
                group.create_task(child(chance.random() < 0.05))

    with contextlib.suppress(ExceptionGroup):
        green.await_(parent())


def queued() -> None:
    """Producers and consumers over queues of all sizes."""
    queue: green.Queue[int | None] = green.Queue(chance.choice((0, 1, 5, None)))

    def consume() -> int:
        got = 0
        while queue.get() is not None:
            got += 1
            if got % 7 == 0:
                green.sleep(0)
        return got

    consumers = [green.spawn(consume) for _ in range(3)]
    for number in range(30):
        queue.put(number)
    for _ in consumers:
        queue.put(None)
    assert sum(consumer.wait() for consumer in consumers) == 30


def in_callbacks() -> None:
    """Descriptors that are readable in the same poll: each callback closes its own and stops watching a sibling.

    Half of them do it in a green thread that they start: then the loop is told while its own frames are below.
    """
    loop = green.get_hub().loop
    pairs = [socket.socketpair() for _ in range(16)]
    called = green.Event()
    timers = [loop.call_later(0.001, int) for _ in range(10)]

    def on_readable(index: int) -> None:
        if index % 4 < 2:
            green.get_hub().dispatch(stop_watching, index)
        else:
            stop_watching(index)

    def stop_watching(index: int) -> None:
        smear(chance.randrange(40))
        ours, theirs = pairs[index]
        sibling = pairs[index ^ 1][0]
        for sock in (ours, sibling):
            if sock.fileno() >= 0:
                loop.remove_reader(sock)
        ours.close()
        theirs.close()
        for timer in timers:
            timer.cancel()
        if not called.ready():
            called.send()

    for index, (ours, theirs) in enumerate(pairs):
        ours.setblocking(False)
        loop.add_reader(ours, on_readable, index)
        theirs.send(b"x")
    called.wait()
    green.sleep(0.001)
    for ours, theirs in pairs:
        if ours.fileno() >= 0:
            loop.remove_reader(ours)
        ours.close()
        theirs.close()


def datagrams() -> None:
    """Transports that are made, used and closed in callbacks."""

    class Once(asyncio.DatagramProtocol):
        def __init__(self) -> None:
            self.got = green.Event()

        def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override]  # as asyncio's docs
            self.transport = transport
            transport.sendto(b"self", transport.get_extra_info("sockname"))

        def datagram_received(self, data: bytes, address: object) -> None:
            smear(8)
            self.transport.close()
            self.got.send(data)

    async def open_one() -> Once:
        loop = asyncio.get_running_loop()
        return (await loop.create_datagram_endpoint(Once, local_addr=("127.0.0.1", 0)))[1]

    assert green.await_(open_one()).got.wait() == b"self"


def in_os_threads() -> None:
    """Calls in OS threads, sometimes with nobody waiting for the result any more."""
    with green.Timeout(chance.choice((0.0, 1.0)), False):
        assert green.tpool.execute(smear, 9) is not None


def over_tcp(address: tuple[str, int]) -> None:
    """An echo client on our sockets."""
    with green.connect(address) as sock:
        for size in (1, 1000, chance.randrange(100_000)):
            data = os.urandom(size + 1)
            writer = green.spawn(sock.sendall, data)
            got = bytearray()
            while len(got) < len(data):
                got += sock.recv(65536)
            assert got == data
            writer.wait()


def serve_tcp(listener: GreenSocket) -> None:
    def echo(sock: GreenSocket) -> None:
        with sock, contextlib.suppress(ConnectionError):
            while data := sock.recv(65536):
                sock.sendall(data)

    while True:
        green.spawn(echo, listener.accept()[0])


class Tls:
    """An echo server and its clients on asyncio's streams, with certificates of our own authority."""

    def __init__(self) -> None:
        authority = trustme.CA()
        self.server_side = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        authority.issue_cert("localhost").configure_cert(self.server_side)
        self.client_side = ssl.create_default_context()
        authority.configure_trust(self.client_side)
        self.server: asyncio.Server | None = None

    async def start(self) -> None:
        self.server = await asyncio.start_server(self.answer, "127.0.0.1", 0, ssl=self.server_side)

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        def echo() -> None:
            smear(chance.randrange(10))
            while data := green.await_(reader.read(65536)):
                writer.write(data)
                green.await_(writer.drain())

        with contextlib.suppress(ConnectionError, ssl.SSLError):
            await green.spawn(echo)
        writer.close()
        with contextlib.suppress(ConnectionError, ssl.SSLError):
            await writer.wait_closed()

    def client(self) -> None:
        """Talk in plain code, over streams that need awaiting; sometimes hang up in the middle."""
        assert self.server is not None
        port = self.server.sockets[0].getsockname()[1]
        reader, writer = green.await_(
            asyncio.open_connection("127.0.0.1", port, ssl=self.client_side, server_hostname="localhost")
        )
        for size in (1, chance.randrange(50_000)):
            data = os.urandom(size + 1)
            writer.write(data)
            assert green.await_(reader.readexactly(len(data))) == data
            smear(6)
        if chance.random() < 0.2:
            writer.transport.abort()
        writer.close()
        with contextlib.suppress(ConnectionError, ssl.SSLError):
            green.await_(writer.wait_closed())

    async def stop(self) -> None:
        assert self.server is not None
        self.server.close()
        await self.server.wait_closed()


def left() -> dict[str, int]:
    """What is there now."""
    hub = green.get_hub()
    gc.collect()
    return {
        "threads": len(hub.live_threads()),
        "tasks": len(asyncio.all_tasks(hub.loop)),
        "descriptors": len(list(Path("/proc/self/fd").iterdir())),
        "watchers": len(hub.watchers),
    }


def settled(expected: dict[str, int] | None = None) -> dict[str, int]:
    """What is there when those who are about to end have ended."""
    for _ in range(200):
        green.await_(asyncio.sleep(0.005))
        if left() == expected:
            break
    return left()


def work(seconds: float) -> None:
    """Keep a pool full of all that until the time is over."""
    tls = Tls()
    green.await_(tls.start())
    listener = green.listen(("127.0.0.1", 0))
    server = green.spawn(serve_tcp, listener)
    address = listener.getsockname()
    kinds: dict[str, tuple[Callable[[], object], int]] = {
        "sleeper": (sleeper, 40),
        "killed": (killed, 4),
        "timed_out": (timed_out, 6),
        "grouped": (grouped, 3),
        "queued": (queued, 4),
        "in_callbacks": (in_callbacks, 12),
        "datagrams": (datagrams, 3),
        "in_os_threads": (in_os_threads, 2),
        "over_tcp": (lambda: over_tcp(address), 6),
        "over_tls": (tls.client, 2),
    }
    names = list(kinds)
    weights = [weight for _, weight in kinds.values()]
    pool = green.GreenPool(300)
    loop = green.get_hub().loop
    end = loop.time() + seconds
    while loop.time() < end:
        (name,) = chance.choices(names, weights)
        done[name] += 1
        pool.spawn(kinds[name][0])
        if chance.random() < 0.001:
            gc.collect()
        if chance.random() < 0.002:  # a wave of thousands, each at its own depth
            done["waves"] += 1
            for _ in range(3000):
                green.spawn(sleeper)
    pool.waitall()
    server.kill()
    listener.close()
    green.await_(tls.stop())


def main(seconds: float) -> None:
    """Work a little, note what that leaves, work on, and compare."""
    green.tpool.set_num_threads(4)
    work(0.5)
    before = settled()
    work(seconds)
    sys.stdout.write(json.dumps({"before": before, "after": settled(before), "done": done}))


if __name__ == "__main__":
    chance.seed(sys.argv[3])
    green.run(main, float(sys.argv[2]), loop=sys.argv[1])
