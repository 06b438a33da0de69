"""`eventlet.convenience`: listen, connect and serve."""

from spruce.green import StopServe, connect, listen, serve, wrap_ssl

__all__ = ["StopServe", "connect", "listen", "serve", "wrap_ssl"]
