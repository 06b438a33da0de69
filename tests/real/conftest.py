"""Real servers for the tests in this folder: `spruce run` in a process of its own, on a free port."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from http.client import HTTPConnection
from pathlib import Path
from threading import Event, Thread

import pytest

SPRUCE = Path(sys.executable).with_name("spruce")
ADDRESS = re.compile(r"https?://(\[[0-9a-f:]+\]|[\w.-]+):(\d+)")


class Served:
    """A running `spruce run`: `host` and `port`, what it has said in `output`, and how to ask and stop it."""

    def __init__(self, command: list[str], folder: Path, environment: dict[str, str]) -> None:
        self.process = subprocess.Popen(
            command,
            cwd=folder,
            env={**os.environ, "PYTHONUNBUFFERED": "1", **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.host, self.port = "", 0
        self._lines: list[str] = []
        self._listening = Event()
        self._reader = Thread(target=self._read)
        self._reader.start()
        self._listening.wait()
        if not self.port:
            self.process.wait()
            self._reader.join()
            raise AssertionError(f"{command} ended with {self.process.returncode}:\n{self.output}")

    def _read(self) -> None:
        assert self.process.stdout
        with self.process.stdout as lines:
            for line in lines:
                self._lines.append(line)
                if not self.port and (found := ADDRESS.search(line)):
                    self.host, self.port = found[1].strip("[]"), int(found[2])
                    self._listening.set()
        self._listening.set()

    @property
    def output(self) -> str:
        """What the process has written up to now, to both of its outputs."""
        return "".join(self._lines)

    @property
    def url(self) -> str:
        """Where it listens, as `http://127.0.0.1:5000`."""
        return f"http://{self.host}:{self.port}"

    def ask(self, path: str, method: str = "GET", body: bytes | None = None, **headers: str) -> tuple[int, str]:
        """Send one request on a connection of its own; return status and body."""
        connection = HTTPConnection(self.host, self.port, timeout=30)
        try:
            connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send a signal and return the process's status when it has ended; killed if it takes more than 30 seconds."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        try:
            return self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.process.wait()
        finally:
            self._reader.join()


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., Served]]:
    """Start `spruce run` with the given arguments, in `tmp_path` unless told otherwise; they end with the test."""
    running: list[Served] = []

    def start(*arguments: str, folder: Path = tmp_path, **environment: str) -> Served:
        command = [str(SPRUCE), "run", *arguments, *([] if "--bind" in arguments else ["--port", "0"])]
        running.append(Served(command, folder, environment))
        return running[-1]

    yield start
    statuses = {served.url: served.stop() for served in running}
    assert set(statuses.values()) <= {0}, "".join(served.output for served in running)
