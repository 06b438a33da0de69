"""The server: HTTP/1.1 over sockets, the processes that serve it, and hosting of WSGI and ASGI applications."""

from spruce.server.accesslog import AccessLog, LineLog
from spruce.server.asgi import ASGIApp, ASGIHandler, asgi
from spruce.server.forwarded import Trust
from spruce.server.limits import Limits
from spruce.server.listener import Server, start
from spruce.server.serving import LoadError, serve
from spruce.server.tls import TLS, Certificate
from spruce.server.websocket import WebSocket, WebSocketClosed, WebSocketOptions, accept
from spruce.server.worker import Lifespan
from spruce.server.wsgi import FileWrapper, WSGIApp, WSGIHandler, environ_of, usual_threads, wsgi

__all__ = [
    "TLS",
    "ASGIApp",
    "ASGIHandler",
    "AccessLog",
    "Certificate",
    "FileWrapper",
    "Lifespan",
    "Limits",
    "LineLog",
    "LoadError",
    "Server",
    "Trust",
    "WSGIApp",
    "WSGIHandler",
    "WebSocket",
    "WebSocketClosed",
    "WebSocketOptions",
    "accept",
    "asgi",
    "environ_of",
    "serve",
    "start",
    "usual_threads",
    "wsgi",
]
