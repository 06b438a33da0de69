"""eventlet's own tests, from its source distribution, run on Spruce under the name `eventlet`."""

import os
import re
import shutil
import subprocess
import sys
import tarfile
import xml.etree.ElementTree as ET
from collections.abc import Callable, Sequence
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

VERSION = "0.41.3"
MODULES = [
    "convenience",
    "dagpool",
    "event",
    "green_http",
    "greenio",
    "greenpool",
    "greenthread",
    "os",
    "pools",
    "queue",
    "semaphore",
    "socket",
    "ssl",
    "subprocess",
    "test__event",
    "test__socket_errors",
    "thread",
    "timeout",
    "timeout_with_statement",
    "tpool",
    "websocket",
    "websocket_new",
    "wsgi",
]
REPORTED = ["patcher", "env", "debug", "db_pool", "backdoor"]
SHARES = {"wsgi": 0.95, "websocket": 0.95, "websocket_new": 0.95, "convenience": 0.8, "socket": 0.85}
"""Of the tests of a module, so many pass at least; else 9 of 10."""
NOT_RUN = {
    "greenio_test.py::TestGreenSocket::test_connect_ex_timeout": "it wants a network outside that answers nothing",
    "greenio_test.py::TestGreenSocket::test_connect_timeout": "the same",
    "greenio_test.py::TestGreenSocket::test_raised_multiple_readers": "it would never end, see the explanation",
    "greenio_test.py::TestGreenIoLong::test_multiple_readers": "the same",
}
EXPLANATION = Path(__file__).parents[2] / "docs" / "explanation" / "eventlet-tests.md"


@pytest.fixture(scope="module")
def suite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with eventlet's tests, and our package in the place of eventlet's."""
    folder = tmp_path_factory.mktemp("eventlet")
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", "eventlet"]
    fetched = subprocess.run(
        [*command, f"eventlet=={VERSION}"], cwd=folder, capture_output=True, text=True, check=False
    )
    if fetched.returncode:
        pytest.skip(f"eventlet's source distribution can't be fetched: {fetched.stderr.strip().splitlines()[-1:]}")
    with tarfile.open(folder / f"eventlet-{VERSION}.tar.gz") as archive:
        archive.extractall(folder, filter="data")
    root = folder / f"eventlet-{VERSION}"
    shutil.rmtree(root / "eventlet")
    (root / "eventlet").mkdir()
    shutil.copy(Path(__file__).with_name("eventlet_alias.py"), root / "eventlet" / "__init__.py")
    return root


@pytest.fixture(scope="module")
def explained() -> Callable[[str], bool]:
    """What tells whether the explanation names a test; `Class::*` there names all of a class."""
    names = re.findall(r"`([^`]*_test\.py::[^`]*)`", EXPLANATION.read_text("utf-8"))
    return lambda test: any(fnmatchcase(test, name) for name in names)


@pytest.mark.timeout(300)
def test_eventlets_tests_pass(suite: Path, explained: Callable[[str], bool]) -> None:
    """All but those that docs/explanation/eventlet-tests.md explains, which are few in each module."""
    cases, output = run(suite, MODULES)
    assert [test for test, passed in cases.items() if not passed and not explained(test)] == [], output
    assert [test for test in NOT_RUN if not explained(test) and "network" not in NOT_RUN[test]] == []
    ran = {**cases, **dict.fromkeys((test for test in NOT_RUN if explained(test)), False)}
    assert shares_missed(ran) == {}
    assert len(cases) >= 400


@pytest.mark.soak
@pytest.mark.timeout(600)
def test_what_looks_at_eventlets_own_workings(suite: Path, explained: Callable[[str], bool]) -> None:
    """Of these modules nothing is demanded but that each failure is explained."""
    cases, output = run(suite, REPORTED)
    assert [test for test, passed in cases.items() if not passed and not explained(test)] == [], output


def run(suite: Path, modules: Sequence[str]) -> tuple[dict[str, bool], str]:
    """Run modules; whether each test has passed, and what was written."""
    files = [f"tests/{module}.py" if module.startswith("test_") else f"tests/{module}_test.py" for module in modules]
    options = ["-q", "-c", "/dev/null", "--rootdir", ".", "-p", "no:cacheprovider", "--junit-xml", "report.xml"]
    options += [f"--deselect=tests/{test}" for test in NOT_RUN]
    ended = subprocess.run(
        [sys.executable, "-m", "pytest", *options, *files],
        cwd=suite,
        env={**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},  # some tests collect garbage hundreds of times
        capture_output=True,
        text=True,
        check=False,
    )
    cases = ET.parse(suite / "report.xml").iter("testcase")
    passed: dict[str, bool] = {}
    for case in cases:
        if case.find("skipped") is None:
            good = case.find("failure") is None and case.find("error") is None
            passed[name(case)] = good and passed.get(name(case), True)  # one that fails at its end comes twice
    return passed, ended.stdout


def shares_missed(ran: dict[str, bool]) -> dict[str, float]:
    """Of which modules too few tests pass, with the share that does."""
    missed = {}
    for module in MODULES:
        file = f"{module}.py::" if module.startswith("test_") else f"{module}_test.py::"
        results = [passed for test, passed in ran.items() if test.startswith(file)]
        share = sum(results) / len(results)
        if share < SHARES.get(module, 0.9):
            missed[module] = share
    return missed


def name(case: ET.Element) -> str:
    """How pytest names the test: file, class, function."""
    _, module, *classes = case.get("classname", "").split(".")
    return "::".join([f"{module}.py", *classes, case.get("name", "")])
