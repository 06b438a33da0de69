"""Where the peers live: a virtual environment of their own beside this file, and the processes that run in it."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import os
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Any

__all__ = ["HERE", "PEER_PYTHON", "PeerError", "Worker", "install", "versions"]

HERE = Path(__file__).resolve().parent
REQUIREMENTS = HERE / "requirements.txt"
ENVIRONMENT = HERE / ".venv"
PEER_PYTHON = ENVIRONMENT / "bin" / "python"


class PeerError(Exception):
    """A peer could not be installed, did not start or died; the text says why, in its own words."""


def install() -> None:
    """Make the peers' environment with this Python, unless it is there and requirements.txt is still the same.

    Raises PeerError with pip's words.
    """
    stamp = ENVIRONMENT / "installed"
    wanted = hashlib.sha256(REQUIREMENTS.read_bytes() + sys.version.encode()).hexdigest()
    if stamp.exists() and stamp.read_text() == wanted:
        return
    print(f"Installing the peers in {ENVIRONMENT.relative_to(HERE.parent)} …", file=sys.stderr)
    subprocess.run([sys.executable, "-m", "venv", "--clear", ENVIRONMENT], check=True)
    command: list[str | Path] = [PEER_PYTHON, "-m", "pip", "install", "--quiet", "--requirement", REQUIREMENTS]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        raise PeerError(f"could not install the peers:\n{done.stderr}")
    stamp.write_text(wanted)


def versions(*packages: str) -> str:
    """Return "name version, name version" of what is installed among the peers."""
    sites = [str(path) for path in ENVIRONMENT.glob("lib/python*/site-packages")]
    found = {each.name.lower(): each.version for each in importlib.metadata.distributions(path=sites)}
    return ", ".join(f"{name} {found.get(name.lower(), 'missing')}" for name in packages)


class Worker:
    """A peer process that runs operations one at a time, pinned to one core, and says what CPU time they took."""

    def __init__(self, command: list[str | Path], core: int) -> None:
        environment = {**os.environ, "PYTHONPATH": str(HERE), "PYTHONDONTWRITEBYTECODE": "1"}
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment,
        )
        if hasattr(os, "sched_setaffinity"):
            os.sched_setaffinity(self.process.pid, {core})

    def __enter__(self) -> Worker:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.process.kill()
        self.process.communicate()

    def ask(self, operation: str, count: int = 0) -> dict[str, Any]:
        """Run one operation `count` times and return the answer. Raises PeerError."""
        assert self.process.stdin
        assert self.process.stdout
        try:
            self.process.stdin.write(json.dumps({"operation": operation, "count": count}) + "\n")
            self.process.stdin.flush()
            line = self.process.stdout.readline()
        except BrokenPipeError:
            line = ""
        if not line:
            raise PeerError(self._last_words())
        answer: dict[str, Any] = json.loads(line)
        return answer

    def seconds(self, operation: str, count: int) -> float:
        """Return the CPU seconds of `count` operations. Raises PeerError."""
        return float(self.ask(operation, count)["seconds"])

    def count_for(self, operation: str, seconds: float) -> int:
        """Return how many operations take about `seconds`, after warming them up."""
        count = 20
        while (taken := self.seconds(operation, count)) < seconds / 4:
            count *= 3
        return max(1, round(count * seconds / taken))

    def _last_words(self) -> str:
        assert self.process.stderr
        self.process.wait()
        lines = self.process.stderr.read().strip().splitlines()
        return lines[-1] if lines else f"ended with {self.process.returncode} and said nothing"
