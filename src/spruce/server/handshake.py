"""The handshake of a WebSocket (RFC 6455 section 4.2): what both agree on, and the protocol that follows from it."""

import logging
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from websockets.extensions.permessage_deflate import ServerPerMessageDeflateFactory
from websockets.frames import Frame, Opcode
from websockets.http11 import Request as Handshake
from websockets.server import ServerProtocol

from spruce.errors import BadRequest
from spruce.http import Request
from spruce.server.websocket import WebSocketOptions

__all__ = ["agree"]

_log = logging.getLogger("spruce.server.websocket")


class _Protocol(ServerProtocol):
    """The protocol, with a client that may close in the midst of a message (RFC 6455 section 5.5.1)."""

    def recv_frame(self, frame: Frame) -> None:
        """Take a frame."""
        if frame.opcode is Opcode.CLOSE:
            self.current_size = None
        super().recv_frame(frame)


def agree(request: Request, options: WebSocketOptions) -> tuple[ServerProtocol, bytes]:
    """Return the protocol that a request's handshake leads to, and the head that says so. Raises BadRequest."""

    def choose(_: Any, offered: Sequence[Any]) -> Any:
        return next((one for one in options.subprotocols if one in offered), None)

    deflate = ServerPerMessageDeflateFactory(
        server_max_window_bits=12, client_max_window_bits=12, compress_settings={"memLevel": 5}
    )  # 32 KiB a connection, where the largest windows would take 300
    protocol = _Protocol(
        extensions=[deflate] if options.compression else None,
        subprotocols=list(options.subprotocols) or None,  # type: ignore[arg-type] # Subprotocol is a NewType of str
        select_subprotocol=choose,
        max_size=options.max_message,
        logger=_log,
    )
    fields = b"".join(b"%b: %b\r\n" % field for field in request.raw_headers)
    protocol.receive_data(b"GET %b HTTP/1.1\r\n%b\r\n" % (request.target.encode("latin-1"), fields))
    (handshake,) = protocol.events_received() or (None,)
    if not isinstance(handshake, Handshake):
        raise BadRequest(f"The handshake of the WebSocket is wrong: {protocol.handshake_exc}.")
    response = protocol.accept(handshake)
    if response.status_code != HTTPStatus.SWITCHING_PROTOCOLS:
        raise BadRequest(f"The handshake of the WebSocket is wrong: {protocol.handshake_exc}.")
    for name, value in options.headers:
        response.headers[name] = value
    protocol.send_response(response)
    return protocol, b"".join(protocol.data_to_send())
