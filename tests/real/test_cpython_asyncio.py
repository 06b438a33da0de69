"""CPython's own tests of asyncio pass on our loop, all of them, with every Python of this machine that has them.

A test that fails is run once more, since many of them measure time and others may be busy here, and then on stock
asyncio: what fails there too is this machine's doing (no network, for one).
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
SOURCE = HERE.parent.parent / "src"
VERSIONS = ["3.11", "3.12", "3.13"]  # those for which `green.loop` makes our loop the default

QUICK = [
    *["test_base_events", "test_buffered_proto", "test_context", "test_eager_task_factory", "test_events"],
    *["test_futures", "test_futures2", "test_locks", "test_pep492", "test_protocols", "test_queues", "test_runners"],
    *["test_selector_events", "test_sendfile", "test_server", "test_sock_lowlevel", "test_sslproto", "test_staggered"],
    *["test_streams", "test_threads", "test_timeouts", "test_transports", "test_unix_events", "test_waitfor"],
]
SLOW = ["test_ssl", "test_subprocess", "test_taskgroups", "test_tasks"]

Result = dict[str, Any]  # "loop": a class's name, "ran": a number, "failed": names of tests


@cache
def interpreter(version: str) -> str | None:
    """Find a Python of that version that has CPython's tests: the one that runs this, on the PATH, or pyenv's."""
    folders = [*os.environ["PATH"].split(os.pathsep), *(Path.home() / ".pyenv" / "versions").glob(f"{version}.*/bin")]
    found = [sys.executable, *(shutil.which(f"python{version}", path=folder) for folder in folders)]
    question = "import sys, test.test_asyncio; sys.stdout.write('%d.%d' % sys.version_info[:2])"
    for candidate in filter(None, found):
        if subprocess.run([candidate, "-I", "-c", question], capture_output=True, text=True).stdout == version:
            return candidate
    return None


def run(version: str, kind: str, tests: list[str]) -> tuple[Result, str]:
    """Run the tests on the loop of that kind; return the result, and what was written about it."""
    python = interpreter(version)
    assert python
    command = [python, "-I", str(HERE / "cpython_asyncio.py"), kind, str(SOURCE), *tests]
    done = subprocess.run(command, capture_output=True, text=True, errors="replace")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1]), done.stderr


@pytest.fixture(scope="module")
def quick_runs() -> Iterator[dict[str, "Future[tuple[Result, str]]"]]:
    """Run the quick modules on all Pythons at once: half of the time they wait."""
    with ThreadPoolExecutor() as pool:
        yield {version: pool.submit(run, version, "lean", QUICK) for version in VERSIONS if interpreter(version)}


def expect_all_pass(version: str, result: Result, at_least: int) -> None:
    assert result["loop"] == "LeanLoop"
    assert result["ran"] >= at_least
    if result["failed"]:
        again, output = run(version, "lean", result["failed"])
        stock, _ = run(version, "asyncio", again["failed"])
        assert sorted({*again["failed"]} - {*stock["failed"]}) == [], output


@pytest.mark.parametrize("version", VERSIONS)
def test_the_quick_modules_pass(version: str, quick_runs: dict[str, "Future[tuple[Result, str]]"]) -> None:
    """Base classes, events, transports, servers, streams, TLS, sendfile, low-level sockets, futures, locks, queues."""
    if version not in quick_runs:
        pytest.skip(f"there is no Python {version} with CPython's tests here")
    expect_all_pass(version, quick_runs[version].result()[0], 1100)


@pytest.mark.soak
@pytest.mark.timeout(900)
@pytest.mark.parametrize("version", VERSIONS)
def test_the_slow_modules_pass(version: str) -> None:
    """Tasks, task groups, subprocesses, and TLS with much data."""
    if interpreter(version) is None:
        pytest.skip(f"there is no Python {version} with CPython's tests here")
    expect_all_pass(version, run(version, "lean", SLOW)[0], 1100)
