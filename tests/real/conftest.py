"""Real servers for the tests in this folder: `spruce run` in a process of its own, on a free port."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from http.client import HTTPConnection
from pathlib import Path
from threading import Condition, Thread
from typing import Any

import pytest

SPRUCE = Path(sys.executable).with_name("spruce")
ADDRESS = re.compile(r"https?://(\[[0-9a-f:]+\]|[\w.-]+):(\d+)")


class Served:
    """A running `spruce run`: `host` and `port`, what it has said in `output`, and how to ask and stop it.

    Another server is started when the line with `announcement` has come, in which its address is.
    """

    def __init__(
        self, command: list[str], folder: Path, environment: dict[str, str], announcement: str = "Serving on "
    ) -> None:
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
        self._news = Condition()
        self._ended = False
        self._reader = Thread(target=self._read)
        self._reader.start()
        try:
            line = self.wait_for(announcement)
        except BaseException:
            self.stop(signal.SIGKILL)
            raise
        if found := ADDRESS.search(line):
            self.host, self.port = found[1].strip("[]"), int(found[2])

    def _read(self) -> None:
        assert self.process.stdout
        with self.process.stdout as lines:
            for line in lines:
                self._tell(line)
        self._tell(None)

    def _tell(self, line: str | None) -> None:
        with self._news:
            self._lines += [line] if line is not None else []
            self._ended = line is None
            self._news.notify_all()

    def wait_for(self, text: str, times: int = 1) -> str:
        """Wait until the process has written `times` lines with `text`, and return the last; fail if it ends before."""
        with self._news:
            self._news.wait_for(lambda: self._ended or self.output.count(text) >= times)
            lines = [line for line in self._lines if text in line]
        if len(lines) < times:
            raise AssertionError(
                f"{self.process.args} ended with {self.process.wait()} and never said {text!r}:\n{self.output}"
            )
        return lines[-1]

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

    def give_debug_token(self) -> str:
        """Open the address that was printed, and return the cookie that shows errors, as a header's value."""
        connection = HTTPConnection(self.host, self.port, timeout=30)
        try:
            connection.request("GET", re.findall(r"/_debug\?token=[\w-]+", self.wait_for("/_debug?token="))[0])
            answer = connection.getresponse()
            answer.read()
            return str(answer.getheader("Set-Cookie")).partition(";")[0]
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
def spruce(tmp_path: Path) -> Callable[..., "subprocess.CompletedProcess[str]"]:
    """Run the command `spruce` to its end in `tmp_path`; return its status and outputs."""

    def run(*arguments: str, folder: Path = tmp_path) -> "subprocess.CompletedProcess[str]":
        return subprocess.run([SPRUCE, *arguments], cwd=folder, capture_output=True, text=True, timeout=60)

    return run


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., Served]]:
    """Start `spruce run` with the given arguments, in `tmp_path` unless told otherwise; they end with the test."""
    running: list[Served] = []

    def start(*arguments: str, folder: Path = tmp_path, program: Path = SPRUCE, **environment: str) -> Served:
        command = [str(program), "run", *arguments, *([] if {"--bind", "--port"} & {*arguments} else ["--port", "0"])]
        running.append(Served(command, folder, environment))
        return running[-1]

    yield start
    statuses = {served.url: served.stop() for served in running}
    assert set(statuses.values()) <= {0}, "".join(served.output for served in running)


@pytest.fixture
def promised(tmp_path: Path) -> Iterator[Callable[..., Served]]:
    """Start the program of `promised.py` with the given limits; it must end well, and without a traceback."""
    running: list[Served] = []

    def start(**limits: object) -> Served:
        command = [sys.executable, str(Path(__file__).with_name("promised.py")), repr(limits)]
        running.append(Served(command, tmp_path, {}))
        return running[-1]

    yield start
    for served in running:
        assert served.stop() == 0, served.output
        assert "Traceback" not in served.output, served.output


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Chromium, started once for each file of tests."""
    from tests.real.browsers import launched  # playwright is loaded by the tests of pages alone

    with launched() as browser:
        yield browser
