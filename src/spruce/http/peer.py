"""The connection that requests come in on, and the stream of one that has no body."""

from typing import Any, Final, TypeAlias

__all__ = ["EMPTY_STREAM", "Address", "EmptyStream", "Peer"]

Address: TypeAlias = tuple[str, int] | str | None
"""Address and port, the path of a Unix socket, or None where there is neither."""


class EmptyStream:
    """The body stream of a request without a body."""

    def read(self, size: int = -1, /) -> bytes:
        """Return b""."""
        return b""


EMPTY_STREAM: Final = EmptyStream()


class Peer:
    """What all requests of a connection share.

    `client` is the address of the other side, None where there is none (Unix sockets); `server` is the address it came
    in at, a path for a Unix socket. `certificate` is what the client has proved to be, as `ssl.SSLSocket.getpeercert`
    gives it; None without a client certificate. `kept` is for what a server wants to make once for all requests.
    """

    __slots__ = ("certificate", "client", "kept", "scheme", "server")

    def __init__(
        self,
        scheme: str = "http",
        client: tuple[str, int] | None = None,
        server: Address = None,
        certificate: dict[str, Any] | None = None,
    ) -> None:
        self.scheme = scheme
        self.client = client
        self.server = server
        self.certificate = certificate
        self.kept: dict[str, Any] | None = None
