"""Jobs that Celery carries through a RabbitMQ: workers are killed, and the broker is; none is lost."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.real.conftest import SPRUCE
from tests.tasks.carried import redis_server

BROKER = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")
JOBS = 150
PROGRAM = """
import os
import sys
from collections import Counter
from spruce import App, green, task

app = App("carried", static_folder=None, TASKS=os.environ["TASKS"], TASKS_RESULTS=os.environ["TASKS_RESULTS"],
          DATABASES={"default": "sqlite://"})


@task
def count(number):
    green.sleep(0.05)
    out = os.open("told", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(out, f"{number}\\n".encode())
    os.close(out)
    return number


if __name__ == "__main__":
    with app.app_context():
        if sys.argv[1:]:
            ids = [count.enqueue(number).id for number in range(int(sys.argv[1]))]
            open("ids", "w").write("\\n".join(ids))
        else:
            found = [count.get_result(id_) for id_ in open("ids").read().split()]
            print(dict(Counter(one.status.name for one in found)))
"""

pytestmark = [
    pytest.mark.soak,
    pytest.mark.timeout(600),
    pytest.mark.skipif(not BROKER.exists(), reason="there is no RabbitMQ here: apt-get install rabbitmq-server"),
]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_for(port: int) -> None:
    deadline = time.monotonic() + 120
    while True:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
            return
        assert time.monotonic() < deadline, f"nobody listens on {port}"
        time.sleep(0.2)


class Rabbit:
    """A broker of our own, which can be killed and started again with what it has."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        (folder / "plugins").write_text("[].")
        self.environment = {
            **os.environ,
            "HOME": str(folder),
            "RABBITMQ_NODENAME": f"spruce{self.port}@localhost",
            "RABBITMQ_MNESIA_BASE": str(folder / "data"),
            "RABBITMQ_LOG_BASE": str(folder / "log"),
            "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODE_PORT": str(self.port),
            "RABBITMQ_DIST_PORT": str(free_port()),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "plugins"),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1}",
            "ERL_EPMD_PORT": (names := str(free_port())),
        }
        command = ["epmd", "-port", names, "-address", "127.0.0.1"]  # which would go on if the broker started it
        self.names = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_for(int(names))
        self.start()

    def start(self) -> None:
        """Start it; returns when it listens."""
        quiet = subprocess.DEVNULL
        self.process = subprocess.Popen(
            [str(BROKER)], env=self.environment, stdout=quiet, stderr=quiet, start_new_session=True
        )
        wait_for(self.port)

    def kill(self) -> None:
        """End it at once."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def close(self) -> None:
        """End it, and what tells its nodes of each other."""
        self.kill()
        self.names.kill()
        self.names.wait()


@pytest.fixture
def rabbit(tmp_path: Path) -> Iterator[Rabbit]:
    folder = tmp_path / "rabbit"
    folder.mkdir()
    made = Rabbit(folder)
    yield made
    made.close()


class Worker:
    """Workers of Celery's, which can be killed with all that they have started."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self.command = [str(SPRUCE), "worker", "app.py", "--processes", "2"]
        self.folder, self.environment = folder, environment
        self.start()

    def start(self) -> None:
        """Start them."""
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                self.command, cwd=self.folder, env=self.environment, stdout=log, stderr=log, start_new_session=True
            )

    def kill(self) -> None:
        """End them at once."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


def test_neither_killed_workers_nor_a_killed_broker_lose_a_job(rabbit: Rabbit, tmp_path: Path) -> None:
    """What was in hand is run again by others, and what waits outlives the broker."""
    (tmp_path / "app.py").write_text(PROGRAM)
    (tmp_path / "told").touch()
    with redis_server() as records:
        broker = f"celery+amqp://guest:guest@127.0.0.1:{rabbit.port}//"
        environment = {**os.environ, "TASKS": broker, "TASKS_RESULTS": records}

        def program(*arguments: str) -> str:
            command = [sys.executable, "app.py", *arguments]
            done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True)
            return done.stdout.strip()

        def wait_until_told(count: int) -> None:
            deadline = time.monotonic() + 200
            while len(set((tmp_path / "told").read_text().split())) < count:
                assert time.monotonic() < deadline, (tmp_path / "log").read_text()[-2000:]
                time.sleep(0.1)

        program(str(JOBS))
        worker = Worker(tmp_path, environment)
        try:
            for done in (20, 50):
                wait_until_told(done)
                worker.kill()
                worker.start()
            wait_until_told(80)
            rabbit.kill()
            rabbit.start()
            wait_until_told(JOBS)
            deadline = time.monotonic() + 60
            while program() != f"{{'SUCCESSFUL': {JOBS}}}":
                assert time.monotonic() < deadline, program()
                time.sleep(0.5)
        finally:
            worker.kill()
