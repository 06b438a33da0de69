"""Green threads against the C stack: greenlets that were born at one depth are resumed at another, from everywhere.

    python loop_stress.py SEED SECONDS

greenlet moves slices of the one C stack, so a loop that keeps pointers into its own C frames is corrupted by this. Jobs
run on pooled greenlets, switched to from reads, buffered reads, readers, timers, tasks, `call_soon` and the foreign
queue, at random depths, while sockets are opened and closed in the callbacks and the C stack is smeared. Every byte
that comes back is checked. Prints how often a job was resumed, and how often a part of the root's C stack had been
moved away by then, which is what makes it a test.
"""

import asyncio
import faulthandler
import random
import socket
import sys
from collections import deque
from collections.abc import Callable
from typing import Any

from greenlet import getcurrent, greenlet

from spruce.green.lean import LeanLoop

Job = Callable[[], object]

dice = random.Random()  # seeded by main()
root = getcurrent()
pool: list[greenlet] = []
wakes: deque[Job] = deque()
resumed = moved = 0


def deep(levels: int, call: Job) -> Any:
    """Call that many C frames further down the stack."""
    if levels <= 0:
        return call()
    return next(map(lambda _: deep(levels - 1, call), (0,)))  # noqa: C417 - a frame of C is the purpose


def smear(levels: int) -> int:
    """Overwrite the C stack below."""
    return 0 if levels <= 0 else sum(map(smear, (levels - 1,)))


def carry() -> None:
    """Run jobs one after another, each when it is switched in."""
    global resumed, moved
    result: Any = None
    while True:
        job = root.switch(result)
        resumed += 1
        moved += root._stack_saved > 0
        smear(dice.randrange(60))
        result = job()
        smear(dice.randrange(60))


def bear() -> greenlet:
    """Make a greenlet at some depth; its stack begins where it is first switched to."""
    carrier = greenlet(carry)
    deep(dice.choice((0, 0, 0, 1, 3, 8, 20, 60)), carrier.switch)
    return carrier


def run(job: Job) -> Any:
    """Run a job on some greenlet, from some depth of the root's."""

    def switch() -> Any:
        carrier = pool.pop(dice.randrange(len(pool))) if pool and dice.random() < 0.9 else bear()
        result = carrier.switch(job)
        pool.append(carrier)
        return result

    return deep(dice.choice((0, 0, 1, 5, 30)), switch)


def drain_wakes() -> None:
    """Run what is in the foreign queue now."""
    for _ in range(len(wakes)):
        run(wakes.popleft())


class Echo(asyncio.Protocol):
    """Answers from a job, and now and then pauses its reading or connects anew."""

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        run(lambda: self.answer(data))

    def answer(self, data: bytes) -> None:
        smear(dice.randrange(40))
        self.transport.write(data)
        if dice.random() < 0.02:
            self.transport.pause_reading()
            asyncio.get_running_loop().call_later(0.001, run, self.transport.resume_reading)


class BufferedEcho(asyncio.BufferedProtocol):
    """The same with a buffer of its own."""

    def connection_made(self, transport: Any) -> None:
        self.transport, self.buffer = transport, bytearray(1000)

    def get_buffer(self, sizehint: int) -> bytearray:
        return self.buffer

    def buffer_updated(self, nbytes: int) -> None:
        data = bytes(self.buffer[:nbytes])
        run(lambda: self.transport.write(data))


async def ask(address: Any, questions: int) -> None:
    """Ask over one connection; every answer is the question."""
    reader, writer = await asyncio.open_connection(*address)
    for _ in range(questions):
        data = dice.randbytes(dice.randrange(1, 3000))
        writer.write(data)
        assert await reader.readexactly(len(data)) == data
        run(lambda: smear(50))
        if dice.random() < 0.1:
            await asyncio.sleep(dice.random() * 0.003)
    writer.close()
    await writer.wait_closed()


async def wake_by_the_foreign_queue() -> None:
    """Finish a future by way of a wake and a `call_soon`."""
    loop = asyncio.get_running_loop()
    future = loop.create_future()
    wakes.append(lambda: loop.call_soon(run, lambda: future.set_result(None)))
    await future


async def read_and_close(size: int) -> None:
    """Have readers close each other's sockets in callbacks, while timers are made and cancelled."""
    loop = asyncio.get_running_loop()
    pairs = [socket.socketpair() for _ in range(size)]
    left = {*range(size)}
    done = loop.create_future()

    def close_some(number: int) -> None:
        for victim in {number, dice.randrange(size)} & left:
            left.discard(victim)
            ours, theirs = pairs[victim]
            loop.remove_reader(ours.fileno())
            ours.close()
            theirs.close()
        if not left and not done.done():
            done.set_result(None)

    timers = [loop.call_later(dice.random() * 0.002, run, lambda: None) for _ in range(2 * size)]
    loop.call_soon(run, lambda: [timer.cancel() for timer in timers[::2]])
    for number, (ours, theirs) in enumerate(pairs):
        ours.setblocking(False)
        loop.add_reader(ours, run, lambda number=number: close_some(number))
        theirs.send(b"x")
    await done


async def main(seed: int, seconds: float) -> None:
    """Do all of it until the time is over, then once more for the last time."""
    dice.seed(seed)
    pool.extend(bear() for _ in range(40))
    loop = asyncio.get_running_loop()
    loop.attach_queue(wakes, drain_wakes)
    servers = [await loop.create_server(kind, "127.0.0.1", 0) for kind in (Echo, BufferedEcho)]
    addresses = [server.sockets[0].getsockname() for server in servers]
    end = loop.time() + seconds
    while loop.time() < end:
        async with asyncio.TaskGroup() as group:
            for address in addresses * 8:
                group.create_task(ask(address, 20))
            for _ in range(10):
                group.create_task(read_and_close(10))
                group.create_task(wake_by_the_foreign_queue())
    for server in servers:
        server.close()


if __name__ == "__main__":
    faulthandler.enable()
    with asyncio.Runner(loop_factory=LeanLoop) as runner:
        runner.run(main(int(sys.argv[1]), float(sys.argv[2])))
    sys.stdout.write(f"{resumed} {moved}\n")
