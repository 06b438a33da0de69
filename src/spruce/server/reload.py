"""Restarting on change: this process keeps the sockets open and runs the same command again in a child.

The child is a fresh interpreter, so all code in it is new. Connections that come while it restarts wait in the sockets'
queues. A child that ends with an error is started again at the next change. Each child holds the reading end of a pipe,
whose end of file tells it that this process was killed.
"""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from spruce.server.binds import Listener

if TYPE_CHECKING:
    from watchfiles import Change

__all__ = ["inherited_binds", "inherited_life", "run_and_restart"]

_DESCRIPTORS = "_SPRUCE_DESCRIPTORS"
_LIFE = "_SPRUCE_LIFE"
_SUFFIXES = (".py", ".html", ".jinja", ".jinja2", ".j2", ".toml")


def inherited_binds() -> list[str] | None:
    """Return where the child of a reloader listens: on the sockets that it inherited. None in any other process."""
    descriptors = os.environ.get(_DESCRIPTORS)
    return None if descriptors is None else [f"fd://{number}" for number in descriptors.split(",")]


def inherited_life() -> int | None:
    """Return the descriptor that ends with the reloader, in its child. None in any other process."""
    descriptor = os.environ.get(_LIFE)
    return None if descriptor is None else int(descriptor)


def run_and_restart(listeners: Sequence[Listener], grace: float) -> None:
    """Run this process's own command in a child and again whenever a file changes; until SIGTERM or SIGINT. Blocks."""
    _Reloader(listeners, grace).run()


class _Reloader:
    def __init__(self, listeners: Sequence[Listener], grace: float) -> None:
        self.descriptors = [listener.sock.fileno() for listener in listeners]
        self.grace = grace
        self.stopping = threading.Event()
        self.life, self.leash = os.pipe()

    def run(self) -> None:
        before = {number: signal.signal(number, self._stop) for number in (signal.SIGTERM, signal.SIGINT)}
        child = self._start()
        try:
            for changes in self._changes():
                if changes:
                    names = ", ".join(sorted({os.path.basename(path) for _, path in changes}))
                    sys.stdout.write(f"Restarting: {names} changed\n")
                    sys.stdout.flush()
                    self._end(child)
                    child = self._start()
                elif child.poll() == 0:
                    break
        finally:
            self._end(child)
            for number, handler in before.items():
                signal.signal(number, handler)
            for descriptor in (self.life, self.leash):
                os.close(descriptor)

    def _stop(self, *_: object) -> None:
        self.stopping.set()

    def _changes(self) -> Iterator[set[tuple["Change", str]]]:
        from watchfiles import DefaultFilter, watch  # here, since only this process needs it

        default = DefaultFilter()
        return watch(
            *_watched(),
            watch_filter=lambda change, path: path.endswith(_SUFFIXES) and default(change, path),
            stop_event=self.stopping,
            rust_timeout=300,
            yield_on_timeout=True,
            raise_interrupt=False,
        )

    def _start(self) -> "subprocess.Popen[bytes]":
        environment = {**os.environ, _DESCRIPTORS: ",".join(map(str, self.descriptors)), _LIFE: str(self.life)}
        command = [sys.executable, *sys.orig_argv[1:]]
        kept = [*self.descriptors, self.life]
        return subprocess.Popen(command, env=environment, pass_fds=kept)  # noqa: S603 - our own command

    def _end(self, child: "subprocess.Popen[bytes]") -> None:
        if child.poll() is None:
            child.terminate()
            try:
                child.wait(self.grace + 1)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()


def _watched() -> list[Path]:
    """The folders whose files count: the current one, and that of the program."""
    main = getattr(sys.modules.get("__main__"), "__file__", None)
    folders = {Path.cwd()}
    if main is not None and "site-packages" not in main and not main.startswith((sys.prefix, sys.base_prefix)):
        folders.add(Path(main).resolve().parent)
    return sorted(folders)
