"""TLS over green sockets: handshakes, streams, timeouts and refusals, with certificates of our own authority."""

import contextlib
import errno
import functools
import os
import socket
import ssl
import threading

import pytest
import trustme

from spruce import green
from spruce.green.tls import wrap_ssl

pytestmark = pytest.mark.usefixtures("everywhere")

AUTHORITY = trustme.CA()
CERTIFICATE = AUTHORITY.issue_cert("localhost")


@pytest.fixture(scope="module")
def server_context():
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    CERTIFICATE.configure_cert(context)
    return context


@pytest.fixture(scope="module")
def client_context():
    context = ssl.create_default_context()
    AUTHORITY.configure_trust(context)
    return context


@pytest.fixture
def listener(server_context):
    """A listening socket whose connections speak TLS."""
    with wrap_ssl(green.listen(("127.0.0.1", 0)), server_context, server_side=True) as sock:
        yield sock


def echo(connection, _address=None):
    while data := connection.recv(10_000):
        connection.sendall(data)


def connected(listener, context):
    return wrap_ssl(green.connect(listener.getsockname()), context, server_hostname="localhost")


@contextlib.contextmanager
def serving(listener):
    """A server that echoes, in the place where the test runs."""
    thread = green.spawn(green.serve, listener, echo)
    try:
        yield
    finally:
        thread.kill()


def served(test):
    """Let a server echo during a test."""

    @functools.wraps(test)
    def with_server(listener, **fixtures):
        with serving(listener):
            test(listener, **fixtures)

    return with_server


@served
def test_many_clients_at_once(listener, client_context):
    """Each in a thread of its own."""

    def client(number):
        with connected(listener, client_context) as sock:
            assert sock.version() in ("TLSv1.2", "TLSv1.3")
            for _ in range(3):
                sock.sendall(b"%d" % number)
                assert sock.recv(100) == b"%d" % number
        return number

    assert list(green.GreenPool(10).imap(client, range(20))) == list(range(20))


@served
def test_much_data_both_ways(listener, client_context):
    """More than fits into any buffer, while it is echoed."""
    data = os.urandom(1_000_000)
    with connected(listener, client_context) as sock:
        writer = green.spawn(sock.sendall, data)
        got = bytearray()
        buffer = bytearray(50_000)
        while len(got) < len(data):
            got += buffer[: sock.recv_into(buffer)]
        assert bytes(got) == data
        writer.wait()


@served
def test_files_over_tls(listener, client_context):
    """Line by line."""
    with connected(listener, client_context) as sock, sock.makefile("rwb") as file:
        file.write(b"one\ntwo\n")
        file.flush()
        assert [file.readline(), file.readline()] == [b"one\n", b"two\n"]


@served
def test_a_certificate_of_nobody_we_trust(listener):
    """Is refused by the default context."""
    with pytest.raises(ssl.SSLCertVerificationError):
        wrap_ssl(green.connect(listener.getsockname()), server_hostname="localhost")
    with (
        pytest.raises(ValueError, match="check_hostname requires server_hostname"),
        green.connect(listener.getsockname()) as sock,
    ):
        wrap_ssl(sock)


@served
def test_a_client_that_says_nothing_holds_up_nobody(listener, client_context):
    """Its handshake is waited for in its own handler."""
    with green.connect(listener.getsockname()), connected(listener, client_context) as sock:
        sock.sendall(b"hello")
        assert sock.recv(100) == b"hello"


def test_a_server_that_says_nothing(client_context):
    """The handshake of a client ends with its socket's timeout, or with a Timeout; its socket is closed."""
    with green.listen(("127.0.0.1", 0)) as silent:
        plain = green.connect(silent.getsockname())
        plain.settimeout(0.002)
        with pytest.raises(TimeoutError, match=r"^timed out$"):
            wrap_ssl(plain, client_context, server_hostname="localhost")
        with pytest.raises(green.Timeout), green.Timeout(0.002):
            connected(silent, client_context)


@served
def test_timeouts(listener, client_context):
    """Of reads; 0 raises at once what the standard library's does."""
    with connected(listener, client_context) as sock:
        sock.settimeout(0.002)
        with pytest.raises(TimeoutError, match=r"^timed out$"):
            sock.recv(1)
        sock.settimeout(0)
        with pytest.raises(ssl.SSLWantReadError):
            sock.recv(1)
        sock.settimeout(None)
        sock.sendall(b"still fine")
        assert sock.recv(100) == b"still fine"


@served
def test_a_connection_with_a_plain_ssl_client(listener, client_context):
    """In an OS thread of its own, blocking."""
    got = []

    def plain():
        raw = socket.create_connection(listener.getsockname())
        with client_context.wrap_socket(raw, server_hostname="localhost") as sock:
            sock.sendall(b"from a plain client")
            got.append(sock.recv(100))

    client = threading.Thread(target=plain)
    client.start()
    while client.is_alive():
        green.sleep(0.001)
    client.join()
    assert got == [b"from a plain client"]


def test_ending_tls_in_good_order(listener, client_context):
    """The plain socket goes on."""

    def serve():
        with listener.accept()[0] as connection:
            assert connection.recv(100) == b"secret"
            with connection.unwrap() as plain:
                plain.setblocking(True)
                plain.sendall(b"in the open")

    thread = green.spawn(serve)
    sock = connected(listener, client_context)
    sock.sendall(b"secret")
    with sock.unwrap() as plain:
        green.sleep(0.005)
        thread.wait()
        assert plain.recv(100) == b"in the open"


def test_wrapped_first_and_connected_then(listener, client_context):
    """As with the standard library's; once, and not by a server's side."""
    with (
        serving(listener),
        wrap_ssl(green.GreenSocket(), client_context, server_hostname="localhost") as sock,
    ):
        sock.connect(listener.getsockname())
        sock.sendall(b"hello")
        assert sock.recv(100) == b"hello"
        with pytest.raises(ValueError, match=r"^attempt to connect already-connected SSLSocket!$"):
            sock.connect(listener.getsockname())
    with pytest.raises(ValueError, match=r"^can't connect in server-side mode$"):
        listener.connect_ex(("127.0.0.1", 1))


def test_nobody_is_there(client_context):
    """An error, or its number."""
    with green.listen(("127.0.0.1", 0)) as closed:
        address = closed.getsockname()
    with (
        wrap_ssl(green.GreenSocket(), client_context, server_hostname="localhost") as sock,
        pytest.raises(ConnectionRefusedError),
    ):
        sock.connect(address)
    with wrap_ssl(green.GreenSocket(), client_context, server_hostname="localhost") as sock:
        assert sock.connect_ex(address) == errno.ECONNREFUSED


def test_a_tls_socket_is_not_copied():
    """As in the standard library."""
    context = ssl.create_default_context()
    with (
        wrap_ssl(green.GreenSocket(), context, server_hostname="localhost") as sock,
        pytest.raises(NotImplementedError),
    ):
        sock.dup()


def test_certificates_from_files(tmp_path, client_context):
    """As eventlet takes them."""
    CERTIFICATE.private_key_and_cert_chain_pem.write_to_path(str(tmp_path / "server.pem"))
    listener = wrap_ssl(green.listen(("127.0.0.1", 0)), server_side=True, certfile=str(tmp_path / "server.pem"))
    with listener, serving(listener), connected(listener, client_context) as sock:
        sock.sendall(b"hello")
        assert sock.recv(100) == b"hello"
