"""Sending: batches, failures, bounds, TLS; against a real server on the loopback."""

import logging
import os
import socket
import ssl
from pathlib import Path
from typing import Any

import pytest
import trustme
from tests.apm.collector import collecting

from spruce.apm.sender import Sender
from spruce.apm.settings import ApmSettings, read_settings


def settings(**more: Any) -> ApmSettings:
    return read_settings({"API_REQUEST_TIME": "10m", **more}, environ={})


def sender(url: str, **more: Any) -> Sender:
    return Sender(settings(**more), f"{url}/events", {"X-Mine": "1"}, head=lambda: b"head\n")


def dead_url() -> str:
    """A place where nobody listens."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{sock.getsockname()[1]}"


def test_events_are_sent_in_one_request() -> None:
    """Compressed, behind the head, with the headers."""
    with collecting() as collector:
        one = sender(collector.url)
        one.add(b"a\nb\n", 2)
        one.add(b"c\n", 1)
        assert one.flush()
        ((path, headers, body),) = collector.requests
        assert (path, body) == ("/events", b"head\na\nb\nc\n")
        assert (headers["X-Mine"], headers["User-Agent"]) == ("1", "spruce (python_service)")
        assert one.stats() == {"sent": 3, "dropped": 0, "waiting": 0, "failures": 0}
        one.close()


def test_a_connection_is_kept() -> None:
    """For the next request; and a second flush with nothing to send returns at once."""
    with collecting() as collector:
        one = sender(collector.url)
        for line in (b"a", b"b"):
            one.add(line + b"\n", 1)
            assert one.flush()
            assert one.flush()
        assert [body for _, _, body in collector.requests] == [b"head\na\n", b"head\nb\n"]
        one.close()
    assert one.stats()["sent"] == 2


def test_enough_is_sent_at_once() -> None:
    """From API_REQUEST_SIZE on, without anybody asking."""
    with collecting() as collector:
        one = sender(collector.url, API_REQUEST_SIZE="14b")
        one.add(b"xxxx\n", 1)
        one.add(b"yyyyyyyy\n", 1)
        assert collector.came.acquire(timeout=30)
        one.close()
        assert collector.requests[0][2] == b"head\nxxxx\nyyyyyyyy\n"


def test_after_a_while_all_is_sent() -> None:
    """API_REQUEST_TIME."""
    with collecting() as collector:
        one = sender(collector.url, API_REQUEST_TIME="1ms")
        one.add(b"x\n", 1)
        assert collector.came.acquire(timeout=30)
        one.close()


def test_what_is_too_much_is_dropped_and_counted() -> None:
    """While the collector is frozen nobody waits for it; when it goes on, so does the sending."""
    with collecting() as collector:
        collector.thawed.clear()
        one = sender(collector.url, API_REQUEST_SIZE="1b", MAX_QUEUE_SIZE="90b")
        for number in range(10):  # a body each, of some thirty bytes
            one.add(b"x\n", 1)
            if number == 0:
                assert one.stats()["waiting"] == 1
                assert one._thread is not None
                one._news.set()
                assert collector.came.acquire(timeout=30)
        assert one.full
        one.drop(5)
        before = one.stats()
        assert before["waiting"] + before["dropped"] == 15
        assert before["dropped"] > 5
        collector.thawed.set()
        assert one.flush(30)
        assert not one.full
        assert one.stats()["sent"] == before["waiting"]
        one.close()


def test_a_dead_collector_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    """What was to be sent is lost and counted; the end doesn't wait for it."""
    one = sender(dead_url())
    with caplog.at_level(logging.WARNING, "spruce.apm"):
        one.add(b"a\n", 1)
        one.flush()
        one.add(b"b\nc\n", 2)
        one.close()
    assert one.stats() == {"sent": 0, "dropped": 3, "waiting": 0, "failures": one.failures}
    (record,) = caplog.records
    assert record.getMessage().startswith(
        f"the collector {one.url.geturl()} cannot be reached: ConnectionRefusedError("
    )
    assert record.getMessage().endswith("; events are dropped until it does")


def test_a_collector_that_refuses(caplog: pytest.LogCaptureFixture) -> None:
    """Its answer is logged; when it takes events again, that is logged too."""
    with collecting() as collector, caplog.at_level(logging.INFO, "spruce.apm"):
        collector.status, collector.answer = 401, b'{"error": "no token"}'
        one = sender(collector.url)
        one.add(b"a\n", 1)
        one.flush()
        collector.status = 202
        one.add(b"b\n", 1)
        one.flush()
        one.close()
    assert [record.getMessage() for record in caplog.records] == [
        f'the collector {one.url.geturl()} answered 401: {{"error": "no token"}}; events are dropped until it does',
        f"the collector {one.url.geturl()} takes events again",
    ]
    assert (one.stats()["sent"], one.stats()["dropped"]) == (1, 1)


def test_a_frozen_collector_is_given_up() -> None:
    """After SERVER_TIMEOUT."""
    with collecting() as collector:
        collector.thawed.clear()
        one = sender(collector.url, SERVER_TIMEOUT="10ms")
        one.add(b"a\n", 1)
        assert one.flush(30)
        assert one.stats()["dropped"] == 1
        one.close()


def test_nothing_is_taken_after_the_end() -> None:
    """It is counted as dropped."""
    one = sender(dead_url())
    one.close()
    one.add(b"a\n", 1)
    assert one.stats()["dropped"] == 1
    assert repr(one) == f"<Sender to {one.url.geturl()}, 0 waiting, 1 dropped>"


def test_in_a_forked_child_the_queue_is_its_own() -> None:
    """What the parent has waiting is the parent's to send."""
    with collecting() as collector:
        one = sender(collector.url)
        one.add(b"of the parent\n", 1)
        pid = os.fork()
        if pid == 0:
            one.add(b"of the child\n", 1)
            os._exit(0 if one.stats()["waiting"] == 1 and one.flush() else 1)
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
        one.close()
        assert [body for _, _, body in collector.requests] == [b"head\nof the child\n", b"head\nof the parent\n"]


def test_tls(tmp_path: Path) -> None:
    """By an authority of one's own, a pinned certificate, or unseen; else it is refused."""
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate = authority.issue_cert("localhost")
    certificate.configure_cert(context)
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    with collecting(context) as collector:
        for more, sent in (
            ({"SERVER_CA_CERT_FILE": str(tmp_path / "ca.pem")}, 1),
            ({"VERIFY_SERVER_CERT": False}, 1),
            ({}, 0),
        ):
            one = sender(collector.url, **more)
            one.add(b"a\n", 1)
            one.flush()
            one.close()
            assert one.stats()["sent"] == sent
