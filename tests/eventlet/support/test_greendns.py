"""Names and addresses under eventlet's names."""

import pytest

from spruce import green
from spruce.eventlet.green import socket
from spruce.eventlet.support import greendns


def test_the_names_are_those_of_the_green_module() -> None:
    for name in ("getaddrinfo", "gethostbyaddr", "gethostbyname", "gethostbyname_ex", "getnameinfo"):
        assert getattr(greendns, name) is getattr(socket, name)
    assert green.run(greendns.gethostbyname, "localhost") == "127.0.0.1"


@pytest.mark.parametrize(
    ("host", "kinds"),
    [
        ("127.0.0.1", (True, True, False)),
        (b"127.0.0.1", (True, True, False)),
        ("::1%2", (True, False, True)),
        (b"::1", (True, False, True)),
        ("localhost", (False, False, False)),
        (b"\xff", (False, False, False)),
    ],
)
def test_kinds_of_addresses(host: str | bytes, kinds: tuple[bool, bool, bool]) -> None:
    """Either version's, the fourth's, the sixth's."""
    assert (greendns.is_ip_addr(host), greendns.is_ipv4_addr(host), greendns.is_ipv6_addr(host)) == kinds
