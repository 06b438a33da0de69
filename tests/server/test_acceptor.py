"""Connections that speak TLS, and those that don't, on each event loop."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import trustme

from spruce import green
from spruce.green import listen, tpool
from spruce.http import Request, Response
from spruce.server import TLS, Certificate, Limits, Server, start

OnHub = Callable[[Callable[[], Any]], Any]
GET = b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def certificate(authority: trustme.CA, tmp_path: Path) -> Certificate:
    issued = authority.issue_cert("localhost")
    issued.private_key_pem.write_to_path(str(tmp_path / "key.pem"))
    issued.cert_chain_pems[0].write_to_path(str(tmp_path / "cert.pem"))
    return Certificate(str(tmp_path / "cert.pem"), str(tmp_path / "key.pem"))


def handler(request: Request) -> Response:
    """Say how the request came."""
    subject = (
        dict(pair for group in request.peer.certificate["subject"] for pair in group)
        if (request.peer.certificate)
        else {}
    )
    return Response(f"{request.scheme} {subject.get('organizationalUnitName', 'anonymous')} {len(request.data)}")


@contextmanager
def serving(tls: TLS, limits: Limits | None = None) -> Iterator[Server]:
    server = start(handler, listen(("127.0.0.1", 0), reuse_port=False), limits, tls)
    try:
        yield server
    finally:
        server.stop(1)
        assert not server._busy()


def ask(address: Any, context: ssl.SSLContext, request: bytes = GET, gate: threading.Event | None = None) -> bytes:
    """Send a request from a thread of the system, and return all that comes, once `gate` is open."""

    def talk() -> bytes:
        plain = socket.create_connection(address, timeout=20)
        with plain, context.wrap_socket(plain, server_hostname="localhost") as sock:
            sock.sendall(request)
            answer = b""
            assert gate is None or gate.wait(20)
            while data := sock.recv(65536):
                answer += data
            return answer

    return tpool.execute(talk)


@pytest.fixture
def trusting(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


def test_requests_and_large_bodies_come_over_tls(
    on_hub: OnHub, certificate: Certificate, trusting: ssl.SSLContext
) -> None:
    def main() -> None:
        with serving(TLS([certificate])) as server:
            assert ask(server.address, trusting).endswith(b"\r\n\r\nhttps anonymous 0")
            post = GET.replace(b"GET", b"POST").replace(b"Host", b"Content-Length: 1000000\r\nHost") + bytes(1000000)
            assert ask(server.address, trusting, post).endswith(b"https anonymous 1000000")

    on_hub(main)


def test_a_plain_request_is_told_to_use_https(on_hub: OnHub, certificate: Certificate) -> None:
    def main() -> None:
        with serving(TLS([certificate])) as server, green.connect(server.address) as client:
            client.sendall(GET)
            answer = b""
            while data := client.recv(65536):
                answer += data
            assert answer == (
                b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 58\r\n"
                b"Connection: close\r\n\r\nThis port speaks TLS. Use a URL that begins with https://\n"
            )

    on_hub(main)


def test_what_is_neither_tls_nor_http_and_who_says_nothing_are_dropped(on_hub: OnHub, certificate: Certificate) -> None:
    def main() -> None:
        with (
            serving(TLS([certificate])) as server,
            green.connect(server.address) as odd,
            green.connect(server.address) as silent,
        ):
            odd.sendall(b"\x00\x01")
            assert odd.recv(100) == b""
            while not server._busy():
                green.sleep(0.001)
            server.sweep(server.hub.loop.time() + server.limits.head_seconds + 1)
            assert silent.recv(100) == b""

    on_hub(main)


def test_a_client_that_trusts_nobody_ends_its_own_connection_only(
    on_hub: OnHub, certificate: Certificate, trusting: ssl.SSLContext
) -> None:
    def main() -> None:
        with serving(TLS([certificate])) as server:
            with pytest.raises(ssl.SSLCertVerificationError):
                ask(server.address, ssl.create_default_context())
            assert ask(server.address, trusting).endswith(b"https anonymous 0")

    on_hub(main)


@pytest.mark.parametrize("optional", [False, True])
def test_client_certificates_are_shown_to_the_application(
    on_hub: OnHub, certificate: Certificate, authority: trustme.CA, tmp_path: Path, optional: bool
) -> None:
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    tls = TLS([certificate], client_ca=str(tmp_path / "ca.pem"), client_optional=optional)

    def context() -> ssl.SSLContext:
        context = ssl.create_default_context()
        authority.configure_trust(context)
        return context

    def main() -> None:
        known = context()
        authority.issue_cert("client@shop.example", organization_unit_name="panda").configure_cert(known)
        with serving(tls) as server:
            assert ask(server.address, known).endswith(b"https panda 0")
            try:
                answer = ask(server.address, context())
            except OSError:  # in TLS 1.3 the client learns of it with its first read: an alert, or the end
                answer = b""
            assert answer.endswith(b"https anonymous 0") is optional
            assert bool(answer) is optional

    on_hub(main)


def test_a_client_that_leaves_stops_its_view_over_tls_too(
    on_hub: OnHub, certificate: Certificate, trusting: ssl.SSLContext, caplog: pytest.LogCaptureFixture
) -> None:
    """Without a word in the log; other methods run on."""
    ended: list[str] = []

    def view(request: Request) -> Response:
        try:
            green.sleep(0.1 if request.method == "POST" else 3600)
        except green.GreenletExit:
            ended.append("stopped")
            raise
        ended.append("went on")
        return Response("done")

    def leave(address: Any, request: bytes) -> None:
        plain = socket.create_connection(address, timeout=20)
        with plain, trusting.wrap_socket(plain, server_hostname="localhost") as sock:
            sock.sendall(request)

    def main() -> None:
        server = start(view, listen(("127.0.0.1", 0), reuse_port=False), tls=TLS([certificate]))
        for request in (GET, GET.replace(b"GET", b"POST")):
            tpool.execute(leave, server.address, request)
        while len(ended) < 2:
            green.sleep(0.001)
        server.stop(1)

    with caplog.at_level("WARNING"):
        on_hub(main)
    assert sorted(ended) == ["stopped", "went on"]
    assert caplog.messages == []


@pytest.mark.parametrize("loop", ["lean", "asyncio"])
def test_the_last_answer_is_taken_before_tls_says_goodbye(
    loop: str, certificate: Certificate, trusting: ssl.SSLContext
) -> None:
    """It does so within a second, and then drops what is left."""
    body = b"x" * 20_000_000

    def main() -> None:
        server = start(
            lambda request: Response(body), listen(("127.0.0.1", 0), reuse_port=False), None, TLS([certificate])
        )
        gate = threading.Event()
        client = green.spawn(ask, server.address, trusting, GET, gate)
        while not any(one.served for one in server.connections):
            green.sleep(1e-3)
        (connection,) = server.connections
        assert not connection.transport.is_closing()
        gate.set()
        while not client.dead:
            server.sweep(server.now)
            green.sleep(1e-3)
        assert client.wait().endswith(body)
        server.stop(1)

    green.run(main, loop=loop)
