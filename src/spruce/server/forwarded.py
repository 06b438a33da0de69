"""Who the client is behind proxies: `X-Forwarded-For` and `-Proto`, or `Forwarded` (RFC 7239), from trusted peers only.

Rules:

* Nothing is read unless the connection comes from a trusted peer, and only the kind of header that was named: a proxy
  that sets one kind passes on what the client wrote into the other.
* The list of addresses is read from its end, which the nearest proxy has written, up to the first that isn't trusted:
  whatever stands before it may be invented.
* A trusted peer's `X-Request-ID` becomes the name of the request in the logs, if it looks like one.
* `X-Forwarded-Host` is not read, since few proxies overwrite it: let yours pass the Host on. `Forwarded` has its host
  beside its address, so that one is taken.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Literal

from spruce.errors import ConfigError
from spruce.http import Handler, Peer, Request, Response

__all__ = ["Trust", "forwarded"]

_PAIR = re.compile(r"""\s*([\w!#$%&'*+.^`|~-]+)=(?:"((?:[^"\\]|\\.)*)"|([^",;\s]+))\s*""").match
_HOST = re.compile(r"(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::[0-9]{1,5})?").fullmatch
_WITH_PORT = re.compile(r"\[([0-9A-Fa-f:.]+)\](?::[0-9]+)?|([0-9.]+):[0-9]+").fullmatch
_ID = re.compile(r"[A-Za-z0-9._:/+=@-]{1,200}").fullmatch
_MOST_KNOWN = 1000


@dataclass(frozen=True, slots=True)
class Trust:
    """Which peers are believed, and what: `peers` are addresses, networks as 10.0.0.0/8, `unix` for Unix sockets."""

    peers: Sequence[str]
    header: Literal["x-forwarded", "forwarded"] = "x-forwarded"


@dataclass(frozen=True, slots=True)
class _Hop:
    """What one proxy says of who came to it; empty where it doesn't."""

    client: str
    scheme: str = ""
    host: str = ""


def forwarded(handler: Handler, trust: Trust) -> Handler:
    """Return a handler that gives each request its client's address and scheme, and calls `handler`.

    Raises ConfigError for a peer that is no address or network.
    """
    networks = [_network(peer) for peer in trust.peers if peer != "unix"]
    trusts_unix = "unix" in trust.peers
    hops_of = _x_forwarded if trust.header == "x-forwarded" else _forwarded
    known: dict[str, bool] = {}

    def is_trusted(host: str) -> bool:
        answer = known.get(host)
        if answer is None:
            if len(known) >= _MOST_KNOWN:
                known.clear()
            address = ip_address(host)
            address = getattr(address, "ipv4_mapped", None) or address  # as a socket for both families shows IPv4
            answer = known[host] = any(address in network for network in networks)
        return answer

    def answer(request: Request) -> Response:
        client = request.peer.client
        if trusts_unix if client is None else is_trusted(client[0]):
            known_as = request.header(b"x-request-id")
            if known_as is not None and _ID(known_as):
                request.id = known_as
            hop = _farthest(hops_of(request), is_trusted)
            if hop is not None:
                _apply(request, hop)
        return handler(request)

    return answer


def _farthest(hops: Sequence[_Hop], is_trusted: Callable[[str], bool]) -> _Hop | None:
    """Return the first hop from the end whose client isn't trusted; the last readable one if all are."""
    found: _Hop | None = None
    for hop in reversed(hops):
        client = _address(hop.client)
        if client is None:
            break
        found = _Hop(client, hop.scheme, hop.host)
        if not is_trusted(client):
            break
    return found


def _apply(request: Request, hop: _Hop) -> None:
    peer = request.peer
    scheme = hop.scheme.lower() if hop.scheme.lower() in ("http", "https") else peer.scheme
    request.peer = Peer(scheme, (hop.client, 0), peer.server, peer.certificate)
    if hop.host and _HOST(hop.host):
        host = hop.host.encode()
        request.raw_headers = [(name, host if name == b"host" else value) for name, value in request.raw_headers]


def _x_forwarded(request: Request) -> list[_Hop]:
    clients = _values(request, b"x-forwarded-for")
    schemes = _values(request, b"x-forwarded-proto")
    if len(schemes) != len(clients):  # most proxies set one scheme, whatever the number of hops
        schemes = schemes[-1:] * len(clients)
    return [_Hop(client, *scheme) for client, *scheme in zip(clients, *([schemes] if schemes else []), strict=True)]


def _forwarded(request: Request) -> list[_Hop]:
    text = ",".join(value.decode("latin-1") for name, value in request.raw_headers if name == b"forwarded")
    hops: list[_Hop] = []
    pairs: dict[str, str] = {}
    position = 0
    while match := _PAIR(text, position):
        name, quoted, token = match.groups()
        pairs[name.lower()] = re.sub(r"\\(.)", r"\1", quoted) if token is None else token
        position = match.end()
        separator = text[position : position + 1]
        position += 1
        if separator != ";":
            hops.append(_Hop(pairs.get("for", ""), pairs.get("proto", ""), pairs.get("host", "")))
            pairs = {}
            if separator != ",":
                break
    return hops if position > len(text) else []


def _values(request: Request, wanted: bytes) -> list[str]:
    values = [value.decode("latin-1") for name, value in request.raw_headers if name == wanted]
    return [part.strip() for part in ",".join(values).split(",")] if values else []


def _address(text: str) -> str | None:
    """Return an address without its port, None for what is none (hidden, unknown, invented)."""
    match = _WITH_PORT(text)
    try:
        return str(ip_address((match[1] or match[2]) if match else text))
    except ValueError:
        return None


def _network(text: str) -> IPv4Network | IPv6Network:
    try:
        return ip_network(text)
    except ValueError as error:
        raise ConfigError(
            f"{text!r} is no peer to trust: {error}", hint="Give an address, a network as 10.0.0.0/8, or unix."
        ) from error
