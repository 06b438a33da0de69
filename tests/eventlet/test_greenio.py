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


def test_a_connection_that_was_reset_has_ended() -> None:
    """Where the standard library's socket raises ConnectionResetError."""

    def main() -> tuple[bytes, int]:
        got = []
        with eventlet.listen(("127.0.0.1", 0)) as listener:
            for read in (lambda sock: sock.recv(1), lambda sock: sock.recv_into(bytearray(1))):
                with eventlet.connect(listener.getsockname()) as client:
                    connection, _ = listener.accept()
                    client.sendall(b"unread")
                    connection.close()
                    got.append(read(client))
        return got[0], got[1]

    assert green.run(main) == (b"", 0)


def test_other_errors_are_raised() -> None:
    sock = greenio.GreenSocket(socket.AF_INET, socket.SOCK_STREAM)
    sock.close()
    for read in (lambda: sock.recv(1), lambda: sock.recv_into(bytearray(1))):
        with pytest.raises(OSError, match="Bad file descriptor"):
            green.run(read)


def test_a_descriptor_that_stays_as_it_is() -> None:
    plain, other = socket.socketpair()
    with greenio.GreenSocket(plain, set_nonblocking=False) as sock, other:
        assert os.get_blocking(sock.fileno())


def test_a_file_that_is_cut_off(tmp_path: Path) -> None:
    """Its position is its new end."""

    def main() -> int:
        with greenio.GreenPipe(str(tmp_path / "file"), "wb+", 1024) as file:
            file.write(b"1234567890")
            file.truncate(9)
            return int(file.tell())

    assert green.run(main) == 9
