"""Certificates out of files: names, changes, errors."""

import logging
import ssl
from pathlib import Path

import pytest
import trustme

from spruce.errors import ConfigError
from spruce.server import TLS, Certificate
from spruce.server.tls import Contexts, _names


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


def write(authority: trustme.CA, folder: Path, *names: str) -> Certificate:
    """Make a certificate for these names, in a file together with its key."""
    path = folder / f"{names[0].replace('*', 'any')}.pem"
    authority.issue_cert(*names).private_key_and_cert_chain_pem.write_to_path(str(path))
    return Certificate(str(path))


def handshake(server: ssl.SSLContext, name: str, authority: trustme.CA) -> list[str]:
    """Shake hands in memory, as a client that wants `name`; return the names that the server has shown."""
    client = ssl.create_default_context()
    client.check_hostname = False
    authority.configure_trust(client)
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    ends = [
        client.wrap_bio(to_client, to_server, server_hostname=name),
        server.wrap_bio(to_server, to_client, server_side=True),
    ]
    while ends[0].version() is None or ends[1].version() is None:
        for end in ends:
            try:
                end.do_handshake()
            except ssl.SSLWantReadError:
                continue
    certificate = ends[0].getpeercert()
    assert certificate is not None
    return [str(value[1]) for value in certificate["subjectAltName"]]


def test_the_names_of_a_certificate_are_read_out_of_it(authority: trustme.CA, tmp_path: Path) -> None:
    names = [f"host{number}.shop.example" for number in range(30)]  # long enough for lengths of two bytes
    assert _names(write(authority, tmp_path, "Shop.example", "*.shop.example", "127.0.0.1").cert) == [
        "shop.example",
        "*.shop.example",
    ]
    assert _names(write(authority, tmp_path, *names).cert) == names


def test_each_name_gets_its_certificate_and_others_the_first(authority: trustme.CA, tmp_path: Path) -> None:
    certificates = [write(authority, tmp_path, name) for name in ("one.example", "two.example", "*.three.example")]
    context = Contexts(TLS(certificates)).current
    shown = {
        name: handshake(context, name, authority)
        for name in ("one.example", "TWO.example", "www.three.example", "three.example", "four.example")
    }
    assert shown == {
        "one.example": ["one.example"],
        "TWO.example": ["two.example"],
        "www.three.example": ["*.three.example"],
        "three.example": ["one.example"],
        "four.example": ["one.example"],
    }


def test_changed_files_are_read_again_and_broken_ones_leave_the_old(
    authority: trustme.CA, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "spruce.server")
    certificate = write(authority, tmp_path, "old.example")
    contexts = Contexts(TLS([certificate]))
    first = contexts.current
    contexts.refresh()
    assert contexts.current is first
    Path(certificate.cert).write_text("nothing")
    contexts.refresh()
    contexts.refresh()
    assert contexts.current is first
    authority.issue_cert("new.example").private_key_and_cert_chain_pem.write_to_path(certificate.cert)
    contexts.refresh()
    assert handshake(contexts.current, "new.example", authority) == ["new.example"]
    assert [message.partition(":")[0] for message in caplog.messages] == [
        "The changed certificates cannot be used, the old ones stay",
        "The certificates have changed and are in use",
    ]


def test_files_that_cannot_be_used_are_errors_that_say_what_to_do(authority: trustme.CA, tmp_path: Path) -> None:
    missing = str(tmp_path / "none.pem")
    good = write(authority, tmp_path, "good.example")
    with pytest.raises(ConfigError) as no_file:
        Contexts(TLS([Certificate(missing, missing)]))
    assert str(no_file.value) == (
        f"the certificate '{missing}' and the key '{missing}' cannot be used: No such file or directory. "
        "Give PEM files: the certificate with its chain, and the key that belongs to it, without a password."
    )
    with pytest.raises(ConfigError) as no_authority:
        Contexts(TLS([good], client_ca=missing))
    assert str(no_authority.value) == (
        f"the client authorities in '{missing}' cannot be used: No such file or directory. "
        "Give a PEM file with the certificates of those who sign your clients' certificates."
    )
    with pytest.raises(ConfigError, match=r"^TLS needs a certificate\. Give at least one Certificate\(cert, key\)\.$"):
        Contexts(TLS([]))
