"""Listening, connecting and TLS as eventlet has them."""

import os
import ssl

import pytest
import trustme

from spruce import green
from spruce.eventlet import convenience, greenio

HERE = ("127.0.0.1", 0)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str, str]:
    """A certificate, its key, and the authority that has issued it."""
    folder = tmp_path_factory.mktemp("tls")
    authority = trustme.CA()
    certificate = authority.issue_cert("localhost")
    names = [folder / name for name in ("cert.pem", "key.pem", "ca.pem")]
    certificate.cert_chain_pems[0].write_to_path(names[0])
    certificate.private_key_pem.write_to_path(names[1])
    authority.cert_pem.write_to_path(names[2])
    return str(names[0]), str(names[1]), str(names[2])


def test_sockets_are_greenios() -> None:
    """Those that listen, connect and are accepted, and their twins."""

    def main() -> None:
        with convenience.listen(HERE) as listener, convenience.connect(listener.getsockname()) as client:
            accepted, _ = listener.accept()
            with accepted, client.dup() as twin:
                assert {type(each) for each in (listener, client, accepted, twin)} == {greenio.GreenSocket}
                assert not os.get_blocking(accepted.fileno())
                twin.sendall(b"1")
                assert accepted.recv(1) == b"1"

    green.run(main)


def speak(files: tuple[str, str, str], **options: object) -> bytes:
    """What a client that is given the options is told over TLS."""
    certificate, key, _ = files

    def answer(listener: ssl.SSLSocket) -> None:
        connection, _ = listener.accept()
        with connection:
            connection.sendall(b"hello")

    def main() -> bytes:
        plain = convenience.listen(HERE)
        with convenience.wrap_ssl(plain, key, certificate, server_side=True) as listener:
            server = green.spawn(answer, listener)
            with convenience.wrap_ssl(convenience.connect(listener.getsockname()), **options) as client:  # type: ignore[arg-type]  # as given
                said = b"".join(iter(lambda: client.recv(100), b""))
            server.wait()
            return said

    return green.run(main)


def test_a_client_checks_nothing_unless_it_is_told_to(files: tuple[str, str, str]) -> None:
    """As with eventlet; the handshake may be left to the first read."""
    assert speak(files) == b"hello"
    assert speak(files, do_handshake_on_connect=False, ciphers="HIGH") == b"hello"
    assert speak(files, cert_reqs=ssl.CERT_REQUIRED, ca_certs=files[2]) == b"hello"


def test_a_context_takes_the_place_of_the_rest(files: tuple[str, str, str]) -> None:
    """It checks the name as well."""
    context = ssl.create_default_context(cafile=files[2])
    assert speak(files, context=context, server_hostname="localhost") == b"hello"


def test_the_rest_is_greens() -> None:
    assert convenience.serve is green.serve
    assert convenience.StopServe is green.StopServe
