"""The server: HTTP/1.1 over sockets, and the processes that serve it."""

from spruce.server.limits import Limits
from spruce.server.listener import Server, start

__all__ = ["Limits", "Server", "start"]
