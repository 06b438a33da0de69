"""The lean loop: writes of transports that are held while a batch is dispatched."""

import asyncio
import os
import select
import socket
from collections.abc import Callable
from typing import Any

import pytest

from spruce.green.lean import LeanLoop


def turn(loop: LeanLoop) -> None:
    """Let the loop run one round, or one turn if nothing is queued."""
    loop.call_soon(loop.stop)
    loop.run_forever()


# ---- held writes: those of transports, while a batch is dispatched ---------------------------------------------------


async def writers(count: int) -> tuple[list[Any], list[socket.socket]]:
    """Return so many transports, and the other ends of their sockets."""
    loop = asyncio.get_running_loop()
    pairs = [socket.socketpair() for _ in range(count)]
    made = [await loop.create_connection(asyncio.Protocol, sock=ours) for ours, _ in pairs]
    for _, theirs in pairs:
        theirs.setblocking(False)
    return [transport for transport, _ in made], [theirs for _, theirs in pairs]


async def end(transports: list[Any], others: list[socket.socket]) -> None:
    """Close all of them."""
    for transport in transports:
        transport.close()
    for other in others:
        other.close()
    await asyncio.sleep(0)
    await asyncio.sleep(0)


def batch_of(loop: LeanLoop, *acts: Callable[[], object], clock: Callable[[], float] = lambda: 1000.0) -> None:
    """Call these in one poll's batch, in this order, and stop the loop after it. The clock stands still by default."""
    pairs = [socket.socketpair() for _ in acts]
    for (ours, theirs), act in zip(pairs, acts, strict=True):
        loop.add_reader(ours, lambda ours=ours, act=act: (loop.remove_reader(ours), loop.stop(), act()))
        theirs.send(b"x")
    loop.time = clock  # type: ignore[method-assign]  # a clock that the test turns
    try:
        loop.run_forever()
    finally:
        del loop.time
        for ours, theirs in pairs:
            loop.remove_reader(ours)
            ours.close(), theirs.close()


def arrivals(others: list[socket.socket]) -> list[bool]:
    """Say of each socket whether something has come to it, and take that."""
    found = [bool(select.select([other], [], [], 0)[0]) for other in others]
    for other, there in zip(others, found, strict=True):
        if there:
            other.recv(99)
    return found


def test_sixteen_writes_are_held_and_then_sent_before_the_next_event(loop: LeanLoop) -> None:
    """Those that one callback writes beyond these are sent at once."""
    transports, others = loop.run_until_complete(writers(18))
    seen: list[int] = []

    def write(first: int, last: int) -> None:
        for transport in transports[first:last]:
            transport.write(b"x")
        seen.append(sum(arrivals(others)))

    batch_of(loop, *(lambda part=part: write(*part) for part in [(0, 15), (15, 16), (0, 18)]))
    assert seen == [0, 0, 16 + 2]
    assert arrivals(others) == [True] * 16 + [False] * 2
    loop.run_until_complete(end(transports, others))


def test_who_wrote_first_is_sent_first(loop: LeanLoop) -> None:
    """Each at the place of its first write."""
    transports, others = loop.run_until_complete(writers(3))
    sent: list[bytes] = []
    for transport in transports:
        transport._send = lambda data: sent.append(data) or len(data)
    acts = [lambda number=number: transports[number].write(b"%d" % number) for number in (1, 0, 2, 1)]
    batch_of(loop, *acts)
    assert sent == [b"11", b"0", b"2"]
    loop.run_until_complete(end(transports, others))


def test_a_write_is_not_held_for_long(loop: LeanLoop) -> None:
    """A quarter of a millisecond after the batch began, or after the last time, what is held goes out."""
    transports, others = loop.run_until_complete(writers(1))
    now = 1000.0
    seen: list[bool] = []

    def write_after(seconds: float) -> None:
        nonlocal now
        seen.extend(arrivals(others))
        transports[0].write(b"x")
        now += seconds

    acts = [lambda seconds=seconds: write_after(seconds) for seconds in (2e-4, 1e-4, 2e-4, 2e-4, 0)]
    batch_of(loop, *acts, clock=lambda: now)
    assert seen == [False, False, True, False, True]
    loop.run_until_complete(end(transports, others))


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit])
def test_what_ends_the_loop_does_not_end_what_is_held(loop: LeanLoop, error: type[BaseException]) -> None:
    """Neither in the callback after the write nor in one that is called when held bytes go out."""
    transports, others = loop.run_until_complete(writers(3))

    def fail() -> None:
        raise error

    with pytest.raises(error):
        batch_of(loop, *(lambda of=transport: of.write(b"x") for transport in transports), fail)
    assert arrivals(others) == [True] * 3

    def break_sending(_: bytes) -> int:
        raise error

    transports[0]._send = break_sending
    with pytest.raises(error):
        batch_of(loop, *(lambda of=transport: of.write(b"x") for transport in transports))
    assert arrivals(others) == [False, True, True]
    loop.run_until_complete(end(transports, others))


def test_a_callback_that_stops_the_loop_does_not_keep_what_is_held(loop: LeanLoop) -> None:
    """It has been sent when `run_forever` returns, and what is written then is sent at once."""
    transports, others = loop.run_until_complete(writers(1))
    batch_of(loop, lambda: transports[0].write(b"x"), loop.stop)
    assert arrivals(others) == [True]
    transports[0].write(b"x")
    assert arrivals(others) == [True]
    loop.run_until_complete(end(transports, others))


def test_a_forked_child_that_leaves_the_loop_does_not_send_what_its_parent_holds(loop: LeanLoop) -> None:
    """The bytes arrive once."""
    transports, others = loop.run_until_complete(writers(1))
    statuses: list[int] = []

    def fork() -> None:
        child = os.fork()
        if not child:
            raise SystemExit
        statuses.append(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))

    parent = os.getpid()
    try:
        batch_of(loop, lambda: transports[0].write(b"once"), fork)
    finally:
        if os.getpid() != parent:
            os._exit(7)
    assert statuses == [7]
    assert others[0].recv(99) == b"once"
    loop.run_until_complete(end(transports, others))
