"""Where running instances are found: each has a folder in the run folder, with a Unix socket of each of its processes.

`run folder / process id of the first process / process id.sock`. Folders are open to their owner only, and so are the
sockets. Whoever connects gets a JSON object with what that process knows of itself, and the end of the connection; a
line `stacks` that is sent first asks for stacks too. Nothing can be changed through it.
"""

import json
import os
import shutil
import socket
import stat
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from tempfile import gettempdir
from typing import Any

__all__ = ["Facts", "StatusSocket", "ask", "found_folders", "lives", "make_folder", "run_folders"]

Facts = dict[str, Any]

_ASK_SECONDS = 3.0
_ANSWER_SECONDS = 1.0
_LONGEST_PATH = 100  # bytes of the path of a Unix socket, of 108 on Linux and 104 on macOS


def run_folders(environment: Mapping[str, str] = os.environ) -> list[Path]:
    """Return where instances may be, the folder of new ones first.

    It is SPRUCE_RUN_DIR if that is set, or else `spruce` in XDG_RUNTIME_DIR, or one in the folder for temporary files;
    root finds those of everybody.
    """
    if environment.get("SPRUCE_RUN_DIR"):
        return [Path(environment["SPRUCE_RUN_DIR"])]
    temporary = Path(gettempdir())
    folders = [temporary / f"spruce-{_user()}"]
    if environment.get("XDG_RUNTIME_DIR"):
        folders.insert(0, Path(environment["XDG_RUNTIME_DIR"]) / "spruce")
    if _user() == 0:
        others = [*Path("/run/user").glob("*/spruce"), *temporary.glob("spruce-*")]
        folders += [other for other in sorted(others) if other not in folders]
    return folders


def make_folder() -> Path | None:
    """Make the folder of this process; None where that cannot be, or somebody else could look into it."""
    parent = run_folders()[0]
    folder = parent / str(os.getpid())
    if len(os.fsencode(folder)) > _LONGEST_PATH - len("/4194304.sock"):
        return None
    try:
        parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        status = parent.lstat()
        if not stat.S_ISDIR(status.st_mode) or status.st_uid != _user() or status.st_mode & 0o077:
            return None
        shutil.rmtree(folder, ignore_errors=True)  # left by a process that was killed, and had this one's number
        folder.mkdir(mode=0o700)
    except OSError:
        return None
    return folder


def found_folders(environment: Mapping[str, str] = os.environ) -> Iterator[tuple[int, Path]]:
    """Yield the instances that there are: the number of the first process, and the folder.

    What killed processes have left behind in one's own folders is removed. A link is no folder: somebody else may have
    made it.
    """
    for parent in run_folders(environment):
        with suppress(OSError):
            status = parent.lstat()
            if not stat.S_ISDIR(status.st_mode) or _user() not in (status.st_uid, 0):
                continue
            for folder in sorted(parent.iterdir()):
                if folder.name.isdigit() and lives(int(folder.name)):
                    yield int(folder.name), folder
                elif folder.name.isdigit() and status.st_uid == _user():
                    shutil.rmtree(folder, ignore_errors=True)


def lives(pid: int) -> bool:
    """Whether there is a process of that number."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


def _user() -> int:
    return os.getuid() if hasattr(os, "getuid") else 0


class StatusSocket:
    """Answers with what `facts(stacks)` returns; `descriptor` is readable when somebody asks. Raises OSError."""

    def __init__(self, folder: Path, facts: Callable[[bool], Facts]) -> None:
        self.path = folder / f"{os.getpid()}.sock"
        self.facts = facts
        self.owner = os.getpid()
        self.sock = socket.socket(socket.AF_UNIX)
        try:
            self.sock.bind(str(self.path))
            self.path.chmod(0o600)
            self.sock.listen(8)
            self.sock.setblocking(False)
        except OSError:
            self.sock.close()
            raise
        self.descriptor = self.sock.fileno()

    def read(self) -> None:
        """Answer one who asks; one who doesn't listen is given up after a second."""
        with suppress(OSError):
            client, _ = self.sock.accept()
            with client:
                client.settimeout(_ANSWER_SECONDS)
                with_stacks = client.recv(64).startswith(b"stacks")
                client.sendall(json.dumps(self.facts(with_stacks), default=str).encode())

    def close(self) -> None:
        """Answer no more."""
        self.sock.close()
        if self.owner == os.getpid():
            with suppress(OSError):
                self.path.unlink()


def ask(path: Path, *, stacks: bool = False) -> Facts | None:
    """Return what the process behind a socket knows of itself; None when it does not answer. Blocks for up to 3 s."""
    answer = b""
    try:
        with socket.socket(socket.AF_UNIX) as sock:
            sock.settimeout(_ASK_SECONDS)
            sock.connect(str(path))
            sock.sendall(b"stacks\n" if stacks else b"\n")
            while data := sock.recv(65536):
                answer += data
        facts: Facts = json.loads(answer)
    except (OSError, ValueError):
        return None
    return facts
