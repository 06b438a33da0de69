"""The tables of what a loop waits for."""

import selectors
import socket
from collections.abc import Iterator

import pytest

from spruce.green.descriptors import Descriptors, descriptor_of, handle_of
from spruce.green.lean import LeanLoop

Ends = tuple[socket.socket, socket.socket]


@pytest.fixture
def descriptors() -> Iterator[Descriptors]:
    made = Descriptors()
    yield made
    made.close()


@pytest.fixture
def pair() -> Iterator[Ends]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield ours, theirs


def test_the_kernel_is_told_of_every_change(descriptors: Descriptors, pair: Ends) -> None:
    """What a poll finds is what is watched now."""
    ours, theirs = pair
    fd = ours.fileno()
    theirs.send(b"x")
    descriptors.watch(descriptors.readers, fd, int)
    assert descriptors.poll(0, 9) == [(fd, 1)]
    descriptors.watch(descriptors.writers, fd, int)
    assert descriptors.poll(0, 9) == [(fd, 5)]
    assert descriptors.unwatch(descriptors.readers, fd)
    assert descriptors.poll(0, 9) == [(fd, 4)]
    assert descriptors.unwatch(descriptors.writers, fd)
    assert descriptors.poll(0, 9) == []
    assert not descriptors.unwatch(descriptors.writers, fd)


def test_every_change_makes_the_number_stale(descriptors: Descriptors, pair: Ends) -> None:
    """So that news from before it is not believed."""
    fd = pair[0].fileno()
    for change in (descriptors.watch, descriptors.watch):
        change(descriptors.readers, fd, int)
        assert descriptors.stale == {fd}
        descriptors.stale.clear()
    descriptors.unwatch(descriptors.readers, fd)
    assert descriptors.stale == {fd}


def test_closing_first_and_unwatching_then_is_no_error(descriptors: Descriptors) -> None:
    """The kernel has dropped the descriptor by itself."""
    ours, theirs = socket.socketpair()
    fd = ours.fileno()
    descriptors.watch(descriptors.readers, fd, int)
    ours.close(), theirs.close()
    assert descriptors.unwatch(descriptors.readers, fd)
    assert len(descriptors) == 0


def test_it_passes_for_a_selector(descriptors: Descriptors, pair: Ends) -> None:
    """As far as asyncio looks: keys with the file, its number, what for, and whom."""
    ours, theirs = pair
    descriptors.watch(descriptors.readers, ours.fileno(), int)
    descriptors.watch(descriptors.writers, theirs.fileno(), str)
    assert descriptors.get_key(ours) == selectors.SelectorKey(ours, ours.fileno(), selectors.EVENT_READ, (int, None))
    assert {*descriptors.get_map()} == {ours.fileno(), theirs.fileno()}
    assert len(descriptors) == 2
    with pytest.raises(KeyError) as raised:
        descriptors.get_key(99)
    assert raised.value.args == ("99 is not registered",)


def test_a_taken_place_cancels_its_handle(pair: Ends) -> None:
    """The handle of a reader that is replaced or removed knows that it is over."""
    loop = LeanLoop()
    first, second = loop._add_reader(pair[0], int), loop._add_reader(pair[0], str)
    assert (first.cancelled(), second.cancelled()) == (True, False)
    loop.remove_reader(pair[0])
    assert second.cancelled()
    loop.close()


def test_a_callback_tells_its_handle() -> None:
    """A plain function has none."""
    loop = LeanLoop()
    handle = loop.call_soon(int)
    assert handle_of(handle._run) is handle
    assert handle_of(int) is None
    assert handle_of("text".upper) is None
    loop.close()


def test_what_has_no_descriptor_is_a_value_error() -> None:
    """In asyncio's words."""
    assert descriptor_of(7) == 7
    with pytest.raises(ValueError, match=r"^Invalid file object: 'file'$"):
        descriptor_of("file")
