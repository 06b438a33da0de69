"""Sockets whose last read has got less than it asked for: they wait before they ask again, since nothing is there."""

import socket

import pytest

from spruce import green
from spruce.green.sockets import GreenSocket

pytestmark = pytest.mark.usefixtures("everywhere")


@pytest.fixture(params=[socket.SOCK_STREAM, socket.SOCK_DGRAM])
def pair(request):
    """Two connected green sockets."""
    pair = socket.socketpair(socket.AF_UNIX, request.param)
    one, other = (GreenSocket(socket.AF_UNIX, request.param, fileno=sock.detach()) for sock in pair)
    yield one, other
    one.close()
    other.close()


def drained(sock, other):
    """Have the socket wait once, and then read all that there is."""
    reader = green.spawn(sock.recv, 100)
    green.sleep(0)
    other.send(b"first")
    assert reader.wait() == b"first"


def test_what_has_come_in_the_meantime_is_read(pair):
    """In pieces, whichever way the wait goes; a queue of datagrams is read without any."""
    one, other = pair
    drained(one, other)
    turns = []
    other.send(b"second")
    other.send(b"third")
    green.spawn(turns.append, 1)
    if one.type == socket.SOCK_STREAM:
        assert one.recv(100) == b"secondthird"
    else:
        assert (one.recv(100), one.recv(100), turns) == (b"second", b"third", [])
    green.sleep(0)


def test_the_end_is_told(pair):
    """Of a stream, that is; several times."""
    one, other = pair
    drained(one, other)
    if one.type == socket.SOCK_STREAM:
        other.close()
        assert [one.recv(100) for _ in range(3)] == [b""] * 3


def test_a_read_that_gets_all_it_asked_for_is_followed_by_another():
    """Without a wait in between."""
    one, other = (GreenSocket(fileno=sock.detach()) for sock in socket.socketpair())
    with one, other:
        drained(one, other)
        other.send(b"123456")
        assert one.recv(2) == b"12"
        turns = []
        green.spawn(turns.append, 1)
        assert (one.recv(2), one.recv(2), turns) == (b"34", b"56", [])
        green.sleep(0)


def test_other_ways_to_read_are_as_they_were(pair):
    """With flags, with a timeout, into a buffer; a socket that was closed has no number to wait for."""
    one, other = pair
    drained(one, other)
    other.send(b"x")
    assert one.recv(100, socket.MSG_PEEK) == b"x"
    assert one.recv_into(bytearray(100)) == 1
    one.settimeout(0.001)
    with pytest.raises(TimeoutError, match=r"^timed out$"):
        one.recv(100)
    one.setblocking(False)
    with pytest.raises(BlockingIOError):
        one.recv(100)
    one.setblocking(True)
    drained(one, other)
    one.close()
    with pytest.raises(OSError, match="Bad file descriptor"):
        one.recv(100)
