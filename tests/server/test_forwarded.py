"""Who the client is behind proxies."""

import re

import pytest

from spruce.errors import ConfigError
from spruce.http import Peer, Request, Response
from spruce.server import Trust
from spruce.server.forwarded import forwarded

NETWORKS = ("10.0.0.0/8", "2001:db8::1")


def seen(trust: Trust, peer: str | None, *headers: tuple[str, str]) -> tuple[str | None, str, str]:
    """Return client, scheme and host as the handler sees them."""
    requests: list[Request] = []

    def handler(request: Request) -> Response:
        requests.append(request)
        return Response()

    raw = [(b"host", b"inside"), *((name.lower().encode(), value.encode()) for name, value in headers)]
    client = None if peer is None else (peer, 4711)
    forwarded(handler, trust)(Request("GET", "/", raw, peer=Peer("http", client, ("10.0.0.1", 80))))
    return requests[0].remote_addr, requests[0].scheme, requests[0].host


def x_for(*values: str, peer: str | None = "10.1.1.1") -> str | None:
    return seen(Trust(NETWORKS), peer, *(("X-Forwarded-For", value) for value in values))[0]


def test_only_a_trusted_peer_is_believed() -> None:
    assert x_for("1.2.3.4") == "1.2.3.4"
    assert x_for("1.2.3.4", peer="2001:db8::1") == "1.2.3.4"
    assert x_for("1.2.3.4", peer="::ffff:10.1.1.1") == "1.2.3.4"
    assert x_for("1.2.3.4", peer="9.9.9.9") == "9.9.9.9"
    assert x_for("1.2.3.4", peer=None) is None
    assert seen(Trust(["unix"]), None, ("X-Forwarded-For", "1.2.3.4"))[0] == "1.2.3.4"


def test_the_client_is_the_last_address_that_no_trusted_proxy_has() -> None:
    assert x_for("6.6.6.6, 1.2.3.4, 10.2.2.2") == "1.2.3.4"
    assert x_for("6.6.6.6", "1.2.3.4", "10.2.2.2") == "1.2.3.4"
    assert x_for("10.3.3.3, 10.2.2.2") == "10.3.3.3"


@pytest.mark.parametrize("text", ["", "unknown", "6.6.6.6, ", "<script>", "1.2.3.4.5", "6.6.6.6, _hidden"])
def test_what_is_no_address_is_not_believed(text: str) -> None:
    assert x_for(text) == "10.1.1.1"


def test_a_part_that_can_be_read_is_used() -> None:
    """The proxy at 10.2.2.2 is known; who came to it is not."""
    assert x_for("unknown, 10.2.2.2") == "10.2.2.2"


@pytest.mark.parametrize(
    ("text", "address"),
    [("1.2.3.4:80", "1.2.3.4"), ("[2001:DB8::9]:80", "2001:db8::9"), ("2001:db8::9", "2001:db8::9")],
)
def test_ports_and_brackets_are_taken_off(text: str, address: str) -> None:
    assert x_for(text) == address


def test_the_scheme_is_that_of_the_clients_connection() -> None:
    both = ("X-Forwarded-For", "1.2.3.4, 10.2.2.2")
    assert seen(Trust(NETWORKS), "10.1.1.1", both, ("X-Forwarded-Proto", "https"))[1] == "https"
    assert seen(Trust(NETWORKS), "10.1.1.1", both, ("X-Forwarded-Proto", "https, http"))[1] == "https"
    assert seen(Trust(NETWORKS), "10.1.1.1", both, ("X-Forwarded-Proto", "javascript"))[1] == "http"
    assert seen(Trust(NETWORKS), "9.9.9.9", both, ("X-Forwarded-Proto", "https"))[1] == "http"


def test_the_kind_that_was_not_named_is_not_read_nor_is_the_host() -> None:
    other = ("Forwarded", "for=6.6.6.6;proto=https;host=evil.example")
    host = ("X-Forwarded-Host", "evil.example")
    assert seen(Trust(NETWORKS), "10.1.1.1", other, host) == ("10.1.1.1", "http", "inside")
    x_forwarded = ("X-Forwarded-For", "6.6.6.6")
    assert seen(Trust(NETWORKS, "forwarded"), "10.1.1.1", x_forwarded)[0] == "10.1.1.1"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("for=1.2.3.4;proto=https;host=shop.example", ("1.2.3.4", "https", "shop.example")),
        ('For="[2001:db8::9]:80" ; HOST="a.example:8000"', ("2001:db8::9", "http", "a.example:8000")),
        ("for=6.6.6.6;host=evil.example, for=1.2.3.4, for=10.2.2.2;host=inner", ("1.2.3.4", "http", "inside")),
        ('for="1.2.3.\\4"', ("1.2.3.4", "http", "inside")),
        ('for=1.2.3.4;host="a, b"', ("1.2.3.4", "http", "inside")),
        ("for=_hidden;proto=https", ("10.1.1.1", "http", "inside")),
        ("for=1.2.3.4 nonsense", ("10.1.1.1", "http", "inside")),
        ("nonsense", ("10.1.1.1", "http", "inside")),
    ],
)
def test_forwarded_is_read_by_its_own_rules(text: str, expected: tuple[str, str, str]) -> None:
    assert seen(Trust(NETWORKS, "forwarded"), "10.1.1.1", ("Forwarded", text)) == expected


def test_a_peer_that_is_none_is_refused() -> None:
    with pytest.raises(ConfigError) as refused:
        forwarded(lambda request: Response(), Trust(["10.0.0.1/8"]))
    assert str(refused.value) == (
        "'10.0.0.1/8' is no peer to trust: 10.0.0.1/8 has host bits set. "
        "Give an address, a network as 10.0.0.0/8, or unix."
    )


@pytest.mark.parametrize(
    ("peer", "sent", "taken"),
    [
        ("10.1.1.1", "a-1.b_2:c/d+e=", True),
        ("10.1.1.1", "x" * 201, False),
        ("10.1.1.1", "two words", False),
        ("10.1.1.1", 'a" 200 "', False),
        ("10.1.1.1", "", False),
        ("9.9.9.9", "a-1", False),
    ],
)
def test_the_name_of_a_request_is_taken_from_trusted_peers_only_and_made_else(
    peer: str, sent: str, taken: bool
) -> None:
    requests: list[Request] = []

    def handler(request: Request) -> Response:
        requests.append(request)
        return Response()

    raw = [(b"x-request-id", sent.encode())]
    forwarded(handler, Trust(NETWORKS))(Request("GET", "/", raw, peer=Peer("http", (peer, 4711))))
    name = requests[0].id
    assert name == sent if taken else re.fullmatch("[0-9a-f]{16}", name)
