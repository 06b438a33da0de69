"""Where `eventlet.wsgi` writes its log: a Logger, a file, or nowhere."""

import sys
from typing import Any

__all__ = ["LoggerFileWrapper", "LoggerNull", "get_logger"]


class LoggerNull:
    """Keeps nothing."""

    def error(self, msg: str, *args: Any, **kwargs: Any) -> None:
        """Nothing."""

    def info(self, msg: str, *args: Any, **kwargs: Any) -> None:
        """Nothing."""

    def debug(self, msg: str, *args: Any, **kwargs: Any) -> None:
        """Nothing."""

    def write(self, msg: str, *args: Any) -> None:
        """Nothing."""


class LoggerFileWrapper(LoggerNull):
    """Writes lines to a file; those of `debug` only if that is wanted."""

    def __init__(self, log: Any, debug: bool) -> None:
        self.log = log
        self._debug = debug

    def error(self, msg: str, *args: Any, **kwargs: Any) -> None:
        """Write a line."""
        self.write(msg, *args)

    def info(self, msg: str, *args: Any, **kwargs: Any) -> None:
        """Write a line."""
        self.write(msg, *args)

    def debug(self, msg: str, *args: Any, **kwargs: Any) -> None:
        """Write a line, if what helps to find errors is wanted."""
        if self._debug:
            self.write(msg, *args)

    def write(self, msg: str, *args: Any) -> None:
        """Write a line."""
        self.log.write(f"{msg % args if args else msg}\n")


def get_logger(log: Any, debug: bool) -> Any:
    """Return `log` if it is a Logger, else one that writes to that file, or to standard error without."""
    if callable(getattr(log, "info", None)) and callable(getattr(log, "debug", None)):
        return log
    return LoggerFileWrapper(log or sys.stderr, debug)
