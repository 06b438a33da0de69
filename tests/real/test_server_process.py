"""Processes that serve: signals, workers, sockets, reload."""

import os
import re
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from http.client import HTTPConnection
from pathlib import Path

import pytest

PROGRAM = """
import os, sys
from spruce import green
from spruce.http import Response
from spruce.server import serve

def handler(request):
    if request.path == "/slow":
        open("begun", "a").write(".")
        while not os.path.exists("go"):
            green.sleep(0.01)
    if request.path == "/die":
        os._exit(3)
    return Response(f"{GREETING} {os.getpid()}", content_type="text/plain")

GREETING = "hello"

if __name__ == "__main__":
    options = eval(sys.argv[1])
    serve(handler, **{"binds": ["127.0.0.1:0"], "grace": 20, **options})
"""


class Program:
    """The program above in a process; `port` and `pid`, what it has said, and how to ask and end it."""

    def __init__(self, folder: Path, **options: object) -> None:
        (folder / "program.py").write_text(PROGRAM)
        self.folder = folder
        self.process = subprocess.Popen(
            [sys.executable, "program.py", repr(options)],
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self.said = ""
        found = re.search(r"http://127\.0\.0\.1:(\d+)", self.wait_for("Serving on "))
        self.port = int(found[1]) if found else 0

    def wait_for(self, text: str) -> str:
        """Read what the process says until a line has `text` in it, and return that line."""
        assert self.process.stdout
        for line in iter(self.process.stdout.readline, ""):
            self.said += line
            if text in line:
                return line
        raise AssertionError(f"it ended with {self.process.wait()} and never said {text!r}:\n{self.said}")

    def ask(self, path: str = "/") -> str:
        """Ask on a connection of its own; return the answer."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request("GET", path)
            return connection.getresponse().read().decode()
        finally:
            connection.close()

    def workers(self) -> list[int]:
        """Return the process ids of its children's children: of a generation's workers."""
        return [worker for generation in children(self.process.pid) for worker in children(generation)]

    def wait_until_begun(self, count: int) -> None:
        """Wait until so many slow requests are in flight."""
        while len(self.begun()) < count:
            select.select([], [], [], 0.01)

    def begun(self) -> str:
        path = self.folder / "begun"
        return path.read_text() if path.exists() else ""

    def end(self, number: int = signal.SIGTERM) -> int:
        """Send a signal, and return the status that it ends with; whatever it leaves behind is killed."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        try:
            return self.process.wait(40)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            assert self.process.stdout
            with self.process.stdout as said:
                self.said += said.read()
            self.process.wait()


def children(pid: int) -> list[int]:
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except FileNotFoundError:
        return []


@pytest.fixture
def program(tmp_path: Path) -> Iterator[Callable[..., Program]]:
    started: list[Program] = []

    def start(**options: object) -> Program:
        started.append(Program(tmp_path, **options))
        return started[-1]

    yield start
    for one in started:
        if not one.process.stdout or not one.process.stdout.closed:
            one.end(signal.SIGKILL)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("loop", ["lean", "asyncio", "uvloop"])
def test_what_is_in_flight_is_finished_before_it_ends(
    program: Callable[..., Program], number: int, workers: int, loop: str
) -> None:
    served = program(workers=workers, loop=loop)
    with ThreadPoolExecutor(8) as threads:
        answers = [threads.submit(served.ask, "/slow") for _ in range(8)]
        served.wait_until_begun(8)
        served.process.send_signal(number)
        (served.folder / "go").touch()
        assert all(answer.result().startswith("hello ") for answer in answers)
        assert served.end(0) == 0
    with pytest.raises(ConnectionRefusedError):
        served.ask()


def test_what_takes_longer_than_the_grace_time_is_cut(program: Callable[..., Program]) -> None:
    served = program(grace=0.1)
    with ThreadPoolExecutor(1) as threads:
        answer = threads.submit(served.ask, "/slow")
        served.wait_until_begun(1)
        assert served.end() == 0
        with pytest.raises(OSError, match=r"reset|without response"):
            answer.result()


def test_a_second_signal_ends_it_at_once(program: Callable[..., Program]) -> None:
    served = program(grace=3600)
    with ThreadPoolExecutor(1) as threads:
        answer = threads.submit(served.ask, "/slow")
        served.wait_until_begun(1)
        served.process.send_signal(signal.SIGINT)
        while is_listening(served.port):
            select.select([], [], [], 0.01)
        assert served.end(signal.SIGINT) == 0
        with pytest.raises(OSError, match=r"reset|without response"):
            answer.result()


def is_listening(port: int) -> bool:
    with socket.socket() as sock:
        return sock.connect_ex(("127.0.0.1", port)) == 0


@pytest.mark.parametrize("how", ["kill", "exit"])
def test_a_worker_that_dies_is_replaced(program: Callable[..., Program], how: str) -> None:
    served = program(workers=2)
    served.ask()
    before = served.workers()
    if how == "kill":
        os.kill(before[0], signal.SIGKILL)
        line = served.wait_for("was killed")
        assert re.search(rf"worker {before[0]} was killed by signal 9 \(SIGKILL\) after \d\.\d s; another", line)
    else:
        with pytest.raises(OSError, match=r"reset|without response"):
            served.ask("/die")
        assert re.search(
            r"worker \d+ exited with 3 after \d\.\d s; another one starts in 0\.1 s", served.wait_for("exited")
        )
    while len(served.workers()) < 2:
        select.select([], [], [], 0.01)
    assert len({*served.workers()} - {*before}) == 1
    assert served.ask().startswith("hello ")
    assert served.end() == 0


def test_workers_end_when_their_supervisor_was_killed(program: Callable[..., Program]) -> None:
    served = program(workers=2)
    served.ask()
    descriptors = [os.pidfd_open(pid) for pid in served.workers()]
    served.process.kill()
    for descriptor in descriptors:
        assert select.select([descriptor], [], [], 20)[0]
        os.close(descriptor)
    served.end(0)


def test_it_listens_on_several_addresses_and_removes_its_path(program: Callable[..., Program], tmp_path: Path) -> None:
    path = tmp_path / "app.sock"
    served = program(binds=["127.0.0.1:0", f"unix:{path}"], workers=2)
    assert served.said == (
        f"Serving on http://127.0.0.1:{served.port} and unix:{path} with 2 workers (Ctrl+C stops it)\n"
    )
    for _ in range(2):
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(path))
            client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            assert client.recv(65536).startswith(b"HTTP/1.1 200 OK\r\n")
    assert served.ask().startswith("hello ")
    assert served.end() == 0
    assert not path.exists()


def test_a_port_in_use_is_an_error_that_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text(PROGRAM)
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        sock.listen()
        port = sock.getsockname()[1]
        options = repr({"binds": [f"127.0.0.1:{port}"]})
        ended = subprocess.run(
            [sys.executable, "program.py", options], cwd=tmp_path, capture_output=True, text=True, timeout=60
        )
    assert ended.returncode == 1
    assert f"PortInUse: 127.0.0.1:{port} is in use by another process. " in ended.stderr.splitlines()[-1]


def test_a_change_of_code_restarts_it_on_the_same_socket(program: Callable[..., Program], tmp_path: Path) -> None:
    served = program(reload=True)
    first = second = served.ask()
    (tmp_path / "program.py").write_text(PROGRAM.replace('GREETING = "hello"', 'GREETING = "goodbye"'))
    served.wait_for("Restarting: program.py changed")
    while second == first:  # the old process may take one more while it ends
        second = served.ask()
    assert (first.split()[0], second.split()[0]) == ("hello", "goodbye")
    assert served.end() == 0


def test_a_client_that_has_connected_before_a_restart_is_answered(
    program: Callable[..., Program], tmp_path: Path
) -> None:
    """Its connection was accepted by a process that is told to end before the request has come."""
    served = program(reload=True)
    served.ask()
    with socket.create_connection(("127.0.0.1", served.port), timeout=20) as client:
        (tmp_path / "program.py").write_text(PROGRAM + "# changed\n")
        served.wait_for("Restarting: program.py changed")
        client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        assert client.recv(65536).startswith(b"HTTP/1.1 200 OK\r\n")
    assert served.end() == 0


@pytest.mark.parametrize("workers", [1, 2])
def test_what_serves_ends_when_its_reloader_was_killed(program: Callable[..., Program], workers: int) -> None:
    served = program(reload=True, workers=workers)
    served.ask()
    descriptors = [os.pidfd_open(pid) for pid in (*children(served.process.pid), *served.workers())]
    served.process.kill()
    for descriptor in descriptors:
        assert select.select([descriptor], [], [], 20)[0]
        os.close(descriptor)
    assert served.end(0) == -signal.SIGKILL
    assert not is_listening(served.port)


def test_code_that_does_not_start_is_tried_again_at_the_next_change(
    program: Callable[..., Program], tmp_path: Path
) -> None:
    """Meanwhile a page says so. What the program said before it served, only the terminal knows."""
    served = program(reload=True)
    served.ask()
    (tmp_path / "program.py").write_text("this is no Python")
    served.wait_for("SyntaxError")
    assert served.ask() == (
        "The app does not start:\n\nThe program ended with status 1; what it said is in the terminal.\n"
    )
    (tmp_path / "program.py").write_text(PROGRAM)
    served.wait_for("Restarting: program.py changed")
    while not (answer := served.ask()).startswith("hello "):
        assert answer.startswith("The app does not start:")
    assert served.end() == 0


@pytest.mark.parametrize("workers", [1, 2])
def test_workers_are_replaced_after_so_many_requests_and_none_is_lost(
    program: Callable[..., Program], workers: int
) -> None:
    served = program(workers=workers, max_requests=5)
    answers: set[str] = set()
    with ThreadPoolExecutor(4) as threads:
        while len(answers) < workers + 2:
            answers.update(threads.map(lambda _: served.ask(), range(8)))
    assert all(answer.startswith("hello ") for answer in answers)
    assert served.end() == 0
    assert "exited" not in served.said
