"""`eventlet.backdoor`: a Python prompt inside a running program, over a socket.

Who can connect can do everything that the program can: listen on the loopback address or a Unix socket only.
"""

import code
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TextIO

from spruce.green import GreenSocket, spawn

__all__ = ["backdoor", "backdoor_server"]

_output: ContextVar[Any] = ContextVar("spruce.backdoor", default=None)


class _Output:
    """Standard output that goes to the connection in whose green thread it is written."""

    sessions = 0

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream

    def write(self, text: str) -> int:
        return int((_output.get() or self.stream).write(text))

    def flush(self) -> None:
        (_output.get() or self.stream).flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)


@contextmanager
def _to(file: Any) -> Iterator[None]:
    """A block in which what this green thread writes to standard output goes to a file."""
    if not isinstance(sys.stdout, _Output):
        sys.stdout = _Output(sys.stdout)
    output: Any = sys.stdout
    output.sessions += 1
    token = _output.set(file)
    try:
        yield
    finally:
        _output.reset(token)
        output.sessions -= 1
        if not output.sessions and sys.stdout is output:
            sys.stdout = output.stream


class _Console(code.InteractiveConsole):
    def __init__(self, asked: TextIO, told: TextIO, names: dict[str, Any]) -> None:
        super().__init__(names)
        self.asked, self.told = asked, told

    def raw_input(self, prompt: str = "") -> str:
        self.write(prompt)
        line = self.asked.readline()
        if not line:
            raise EOFError
        return line.rstrip("\r\n")

    def write(self, data: str) -> None:
        self.told.write(data)
        self.told.flush()


def backdoor_server(sock: GreenSocket, locals: dict[str, Any] | None = None) -> None:  # noqa: A002 - its name
    """Give a prompt to each who connects to the listening `sock`, with the names in `locals`. Blocks; closes `sock`."""
    try:
        while True:
            backdoor(sock.accept(), locals)
    finally:
        sock.close()


def backdoor(conn_info: tuple[GreenSocket, Any], locals: dict[str, Any] | None = None) -> None:  # noqa: A002 - its name
    """Give a prompt on a connection, as `(socket, address)`, in a green thread of its own."""
    connection, _ = conn_info
    spawn(_talk, connection, {"__name__": "__console__", **({} if locals is None else locals)})


def _talk(connection: GreenSocket, names: dict[str, Any]) -> None:
    try:
        with (
            connection,
            connection.makefile("r", encoding="utf-8") as asked,
            connection.makefile("w", encoding="utf-8") as told,
            _to(told),
        ):
            _Console(asked, told, names).interact(exitmsg="")
    except (SystemExit, OSError):  # exit(), or the other side has gone
        pass
