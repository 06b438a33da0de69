"""Patched modules under eventlet's names."""

import http.client
import subprocess
import sys

import pytest

from spruce import green
from spruce.eventlet import greenio
from spruce.eventlet.green import httplib, select, socket, thread, threading, time, urllib2
from spruce.eventlet.green import subprocess as green_subprocess


def test_modules_by_their_old_and_new_names() -> None:
    """Each is made once, and the standard library's stays as it is."""
    from spruce.eventlet.green.http import client

    assert client.HTTPConnection is httplib.HTTPConnection is not http.client.HTTPConnection
    assert sys.modules["spruce.eventlet.green.http.client"] is client
    assert urllib2.urlopen.__module__ == "urllib.request"
    assert socket.socket is greenio.GreenSocket
    assert select.get_fileno(7) == 7
    assert select.select is not sys.modules["select"].select
    assert thread.allocate_lock is threading.Lock
    assert time.sleep is not sys.modules["time"].sleep


def test_descriptors_of_files() -> None:
    """What is none is told."""
    with socket.socket() as sock:
        assert select.get_fileno(sock) == sock.fileno()
    with pytest.raises(TypeError, match=r"^Expected int or long, got <class 'str'>$"):
        select.get_fileno("file")


def test_exceptions_are_those_of_the_standard_library() -> None:
    """Who catches them need not know of copies."""
    assert green_subprocess.TimeoutExpired is subprocess.TimeoutExpired
    assert httplib.HTTPException is http.client.HTTPException


def test_what_is_not_there() -> None:
    """Nor in the standard library."""
    with pytest.raises(ImportError, match="no_such_module"):
        from spruce.eventlet.green import no_such_module  # noqa: F401 - the point of the test
    with pytest.raises(ImportError, match="pytest"):
        from spruce.eventlet.green import pytest as _  # noqa: F401 - the same


def test_a_pipeline_of_processes() -> None:
    """Others run while a process is waited for."""

    def main() -> list[bytes]:
        pool = green.GreenPool()
        return list(pool.imap(lambda number: green_subprocess.check_output(["echo", str(number)]), range(3)))

    assert green.run(main) == [b"0\n", b"1\n", b"2\n"]
