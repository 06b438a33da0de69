"""Green sockets that are dropped without having been closed, and calls that must not wait."""

import os
import socket
import threading
from tempfile import TemporaryDirectory

import pytest

from spruce import green
from spruce.green.sockets import GreenSocket

pytestmark = pytest.mark.usefixtures("everywhere")


@pytest.fixture
def pair():
    """Two connected green sockets."""
    one, other = (GreenSocket(fileno=sock.detach()) for sock in socket.socketpair())
    yield one, other
    one.close()
    other.close()


def test_a_socket_that_is_dropped_is_forgotten():
    """Who gets its number next is told of what comes there."""
    for _ in range(2):
        ours, theirs = (GreenSocket(fileno=sock.detach()) for sock in socket.socketpair())
        reader = green.spawn(ours.recv, 1)
        green.sleep(0)
        theirs.send(b"1")
        assert reader.wait() == b"1"
        number = ours.fileno()
        assert number in green.get_hub().watchers
        theirs.close()
        with pytest.warns(ResourceWarning, match="unclosed"):
            del ours, reader
        assert number not in green.get_hub().watchers


def test_a_socket_that_is_dropped_by_another_os_thread():
    """The hub that knows it closes it, when it comes to that."""
    hub = green.get_hub()
    ours, theirs = (GreenSocket(fileno=sock.detach()) for sock in socket.socketpair())
    reader = green.spawn(ours.recv, 1)
    green.sleep(0)
    theirs.send(b"1")
    reader.wait()
    reader, number, box = None, ours.fileno(), [ours]
    del ours
    dropper = threading.Thread(target=box.clear)
    with pytest.warns(ResourceWarning, match="unclosed"):
        started_and_joined(dropper)
    while number in hub.watchers:
        green.sleep(0)
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(number)
    theirs.close()


def started_and_joined(thread):
    thread.start()
    thread.join()


def test_calls_that_say_that_they_must_not_wait(pair):
    """MSG_DONTWAIT, for each that takes flags."""
    one, _ = pair
    buffer, flag = bytearray(1), socket.MSG_DONTWAIT
    for call, *args in (
        (one.recv, 1, flag),
        (one.recv_into, buffer, 1, flag),
        (one.recvfrom, 1, flag),
        (one.recvfrom_into, buffer, 1, flag),
        (one.recvmsg, 1, 0, flag),
        (one.recvmsg_into, [buffer], 0, flag),
    ):
        with pytest.raises(BlockingIOError):
            call(*args)
    with pytest.raises(BlockingIOError):
        one.sendall(bytes(9_999_999), flag)
    for call, *args in ((one.send, bytes(99_999), flag), (one.sendmsg, [b"1"], [], flag)):
        with pytest.raises(BlockingIOError):
            call(*args)


def test_a_datagram_that_must_not_wait():
    """MSG_DONTWAIT of sendto: the receiver's queue is full at some time."""
    with TemporaryDirectory() as folder, GreenSocket(socket.AF_UNIX, socket.SOCK_DGRAM) as receiver:
        receiver.bind(path := f"{folder}/socket")
        with GreenSocket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender, pytest.raises(BlockingIOError):
            send_until_full(sender, path)


def send_until_full(sender, path):
    while True:
        sender.sendto(b"1", socket.MSG_DONTWAIT, path)


def test_reading_no_bytes_waits_where_there_is_a_timeout(pair):
    """As the standard library's."""
    one, other = pair
    assert one.recv(0) == b""
    one.settimeout(0.001)
    for call, argument in ((one.recv, 0), (one.recv_into, bytearray())):
        with pytest.raises(TimeoutError, match=r"^timed out$"):
            call(argument)
    other.send(b"1")
    assert one.recv(0) == b""
