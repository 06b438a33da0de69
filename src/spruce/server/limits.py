"""What a client may ask of the server: sizes in bytes, times in seconds, each with its refusal."""

from dataclasses import dataclass

__all__ = ["Limits"]


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of every connection. Times are looked at once a second, so they hold to within a second."""

    request_line: int = 8190
    """Bytes of the request line, without its line break; longer ones get 414."""
    head: int = 64 * 1024
    """Bytes of the request line and all header fields; more get 431."""
    fields: int = 100
    """Number of header fields; more get 431."""
    body: int = 100 * 1024 * 1024
    """Bytes of a body; more get 413."""
    head_seconds: float = 10
    """From the first byte (or the connection) to the end of a head; then 408."""
    body_seconds: float = 15
    """Without a byte of a body that the application waits for; then 408."""
    write_seconds: float = 60
    """In which a client takes at least 16 KiB of what was written to it, or the rest; otherwise the connection ends."""
    idle_seconds: float = 15
    """Between two requests of a connection; then it is closed."""
    buffered: int = 64 * 1024
    """Bytes of a body that are kept before reading from the connection stops until the application has read them."""
    pipelined: int = 32
    """Requests that wait behind the one that is being answered before reading from the connection stops."""
    unread: int = 256 * 1024
    """Bytes of a body that the application left unread which are read and dropped to keep the connection."""
    requests: int | None = None
    """Requests in flight in this process, until their response begins; more get 503 with Retry-After. None: any."""
    connections: int | None = None
    """Connections of this process; more get 503 with Retry-After at once. None: as many as the system allows."""
    stop_abandoned: bool = True
    """Whether the view of a GET or HEAD request stops at its next wait when its client has gone, or has closed its side
    of the connection, which looks the same."""
