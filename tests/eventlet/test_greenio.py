"""Sockets and pipes under eventlet's names."""

import os
import socket
from pathlib import Path

import pytest

from spruce import eventlet, green
from spruce.eventlet import greenio


def test_a_plain_socket_becomes_a_green_one() -> None:
    """With its timeout; it is used up."""
    plain = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    plain.settimeout(7)
    with greenio.GreenSocket(plain) as sock:
        assert (sock.type, sock.gettimeout(), plain.fileno()) == (socket.SOCK_DGRAM, 7, -1)
        assert sock.fd is sock
    with greenio.GreenSocket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        assert sock.type == socket.SOCK_DGRAM
        greenio.shutdown_safe(sock)


def test_pipes() -> None:
    """Text or bytes, buffered or not."""

    def main() -> list[str]:
        reader, writer = os.pipe()

        def write() -> None:
            with greenio.GreenPipe(writer, "w") as file:
                file.write("one\ntwo\n")

        eventlet.spawn(write)
        with greenio.GreenPipe(os.fdopen(reader, "rb"), "r") as file:
            return list(file)

    assert green.run(main) == ["one\n", "two\n"]


@pytest.mark.parametrize(("mode", "bufsize"), [("wb", 0), ("wb", -1), ("w+b", 1024)])
def test_files_by_their_path(mode: str, bufsize: int, tmp_path: Path) -> None:
    """They are written as files are."""
    with greenio.GreenPipe(str(tmp_path / "file"), mode, bufsize) as file:
        file.write(b"content")
    assert (tmp_path / "file").read_bytes() == b"content"


def test_calls_that_do_not_wait() -> None:
    """On sockets and descriptors."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        greenio.set_nonblocking(ours)
        greenio.set_nonblocking(theirs.fileno())
        assert not ours.getblocking()
        assert not os.get_blocking(theirs.fileno())
