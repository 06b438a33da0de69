"""Noticing that code or templates have changed: a process of its own watches files and writes the names into a pipe.

The process that starts it forks again and again, so it must have no OS threads, and what watches files has some.
"""

import os
import signal
import sys
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from spruce.server.processes import Signals, fork

if TYPE_CHECKING:
    from watchfiles import Change

__all__ = ["Changes"]

_SUFFIXES = (".py", ".html", ".jinja", ".jinja2", ".j2", ".po", ".toml")


class Changes:
    """The changes of files below the current folder, the program's, and others; `descriptor` is readable with one."""

    def __init__(self, folders: Iterable[Path] = ()) -> None:
        self.folders = sorted({*_watched(), *(folder.resolve() for folder in folders)})
        self.begun = False
        self.descriptor, told = os.pipe()
        life, self._leash = os.pipe()
        signals = Signals(signal.SIGTERM)
        with signals:
            self.pid = fork(lambda: self._watch(told, life), signals, ignored=[signal.SIGINT, signal.SIGHUP])
        os.close(told)
        os.close(life)

    def wait_until_begun(self) -> None:
        """Wait until every change from now on is noticed."""
        if not self.begun:
            os.read(self.descriptor, 1)
            self.begun = True

    def read(self) -> str | None:
        """Return what has changed, in words; None if nothing. Raises EOFError when nobody watches any more."""
        said = os.read(self.descriptor, 65536).decode("utf-8", "replace")
        if not said:
            raise EOFError
        self.begun = True
        names = sorted({*filter(None, said.split("\n"))})
        return f"{', '.join(names)} changed" if names else None

    def close(self) -> None:
        """End the watch."""
        os.close(self._leash)
        os.close(self.descriptor)

    def _watch(self, told: int, life: int) -> int:
        from watchfiles import DefaultFilter, watch  # here, since only this process needs it

        self.close()
        threading.Thread(target=_end_with, args=(life,), daemon=True).start()
        default = DefaultFilter()

        def counts(change: "Change", path: str) -> bool:
            return path.endswith(_SUFFIXES) and default(change, path)

        begun = False
        for changes in watch(*self.folders, watch_filter=counts, step=20, rust_timeout=100, yield_on_timeout=True):
            names = sorted({os.path.basename(path) for _, path in changes})
            said = "".join(f"{name}\n" for name in (names if begun else ["", *names]))
            begun = True
            if said:
                os.write(told, said.encode("utf-8", "replace")[:4096])
        return 0


def _end_with(life: int) -> None:
    os.read(life, 1)
    os._exit(0)


def _watched() -> set[Path]:
    """The folders whose files count: the current one, and that of the program."""
    main = getattr(sys.modules.get("__main__"), "__file__", None)
    folders = {Path.cwd()}
    if main is not None and "site-packages" not in main and not main.startswith((sys.prefix, sys.base_prefix)):
        folders.add(Path(main).resolve().parent)
    return folders
