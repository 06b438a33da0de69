"""select, poll and epoll that park the green thread."""

import os
import select as real
import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from spruce import green
from spruce.patching.polling import Epoll, Poll, select

Pipe = tuple[int, int]


@pytest.fixture
def pipes() -> Iterator[list[Pipe]]:
    """Two pipes."""
    made = [os.pipe() for _ in range(2)]
    yield made
    for ends in made:
        for end in ends:
            os.close(end)


def by_select(descriptors: list[int], timeout: float | None) -> list[int]:
    return list(select(descriptors, [], [], timeout)[0])


def by_poll(descriptors: list[int], timeout: float | None) -> list[int]:
    poll = Poll()
    for descriptor in descriptors:
        poll.register(descriptor, real.POLLIN)
    return [number for number, _ in poll.poll(None if timeout is None else timeout * 1000)]


def by_epoll(descriptors: list[int], timeout: float | None) -> list[int]:
    with Epoll() as epoll:
        for descriptor in descriptors:
            epoll.register(descriptor, real.EPOLLIN)
        return [number for number, _ in epoll.poll(timeout)]


@pytest.mark.parametrize("wait", [by_select, by_poll, by_epoll])
@pytest.mark.parametrize("count", [1, 2])
def test_others_run_meanwhile(wait: Callable[..., list[int]], count: int, pipes: list[Pipe]) -> None:
    """Until one of the descriptors is ready, or the time is over."""
    readers = [reader for reader, _ in pipes[:count]]

    def main() -> None:
        assert wait(readers, 0) == []
        assert wait(readers, 0.001) == []
        thread = green.spawn(wait, readers, None)
        green.sleep()
        assert not thread.dead
        os.write(pipes[count - 1][1], b"x")
        assert thread.wait() == [readers[-1]]

    green.run(main)


@pytest.mark.parametrize("wait", [by_select, by_poll, by_epoll])
def test_outside_of_green_threads(wait: Callable[..., list[int]], pipes: list[Pipe]) -> None:
    """It is the system's own call."""
    assert wait([pipes[0][0]], 0.001) == []
    os.write(pipes[0][1], b"x")
    assert wait([pipes[0][0]], None) == [pipes[0][0]]


def test_reading_and_writing_of_one_socket() -> None:
    """Both sides of a descriptor at once."""
    ours, theirs = socket.socketpair()

    def main() -> Any:
        poll = Poll()
        poll.register(ours)
        assert poll.poll() == [(ours.fileno(), real.POLLOUT)]
        poll.modify(ours, real.POLLIN)
        thread = green.spawn(poll.poll)
        green.sleep()
        theirs.send(b"x")
        assert thread.wait() == [(ours.fileno(), real.POLLIN)]
        poll.unregister(ours)
        assert poll.poll(1) == []
        return select([ours], [ours], [], None)

    with ours, theirs:
        assert green.run(main) == ([ours], [ours], [])


def test_what_select_refuses() -> None:
    """As the standard library's."""
    with pytest.raises(ValueError, match=r"^timeout must be non-negative$"):
        select([], [], [], -1)


def test_an_epoll_by_its_number() -> None:
    """And that it can be closed."""
    with real.epoll() as made:
        other = Epoll.fromfd(os.dup(made.fileno()))
        assert other.poll(0) == []
        other.close()
        assert other.closed


def test_what_poll_refuses(pipes: list[Pipe]) -> None:
    """A time that the system doesn't know; two that wait at once."""

    def main() -> None:
        poll = Poll()
        poll.register(pipes[0][0], real.POLLIN)
        with pytest.raises(OverflowError, match=r"^timeout is too large$"):
            poll.poll(2**31)
        thread = green.spawn(poll.poll)
        green.sleep()
        with pytest.raises(RuntimeError, match=r"^concurrent poll\(\) invocation$"):
            poll.poll()
        thread.kill()

    green.run(main)
