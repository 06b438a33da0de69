"""`eventlet.convenience`: listen, connect and serve; TLS as `ssl.wrap_socket` had it."""

import ssl
from socket import AF_INET
from socket import socket as BlockingSocket  # noqa: N812 - by a name that stays when `socket.socket` is patched
from typing import Any

from spruce import green
from spruce.eventlet.greenio import GreenSocket
from spruce.green import StopServe, TlsSocket, serve

__all__ = ["StopServe", "connect", "listen", "serve", "wrap_ssl"]


def connect(address: Any, family: int = AF_INET, bind: Any = None) -> GreenSocket:
    """Connect to `(host, port)`, or to a path with family AF_UNIX; return the socket. Blocks; OSError if it can't."""
    return GreenSocket(green.connect(address, family, bind))


def listen(
    address: Any, family: int = AF_INET, backlog: int = 50, reuse_addr: bool = True, reuse_port: bool | None = None
) -> GreenSocket:
    """Return a socket that listens on `(host, port)`, or on a path with family AF_UNIX; see `spruce.green.listen`."""
    return GreenSocket(green.listen(address, family, backlog, reuse_addr, reuse_port))


def wrap_ssl(
    sock: BlockingSocket,
    keyfile: str | None = None,
    certfile: str | None = None,
    server_side: bool = False,
    cert_reqs: int = ssl.CERT_NONE,
    ssl_version: Any = None,
    ca_certs: str | None = None,
    do_handshake_on_connect: bool = True,
    suppress_ragged_eofs: bool = True,
    ciphers: str | None = None,
    *,
    context: ssl.SSLContext | None = None,
    server_hostname: str | None = None,
) -> TlsSocket:
    """Speak TLS on a connected socket, or on the connections that a listening one accepts; `sock` itself is used up.

    As with eventlet, a client checks nothing unless `cert_reqs` and `ca_certs` say so, or a `context` is given, which
    takes the place of all that; `spruce.green.wrap_ssl` checks. `ssl_version` is not looked at: the newest that both
    sides know is spoken. Blocks for a connected socket's handshake, unless `do_handshake_on_connect` is False.
    """
    if context is None:
        context = _context(server_side, cert_reqs, ca_certs, ciphers)
        if certfile is not None:
            context.load_cert_chain(certfile, keyfile)
    if do_handshake_on_connect and suppress_ragged_eofs:
        return green.wrap_ssl(sock, context, server_side=server_side, server_hostname=server_hostname)
    make: Any = TlsSocket  # ssl's own way to make one is not in typeshed
    made: TlsSocket = make._create(
        sock,
        context=context,
        server_side=server_side,
        server_hostname=server_hostname,
        do_handshake_on_connect=do_handshake_on_connect,
        suppress_ragged_eofs=suppress_ragged_eofs,
    )
    return made


def _context(server_side: bool, cert_reqs: int, ca_certs: str | None, ciphers: str | None) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER if server_side else ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.VerifyMode(cert_reqs)
    if ca_certs is not None:
        context.load_verify_locations(ca_certs)
    if ciphers is not None:
        context.set_ciphers(ciphers)
    return context
