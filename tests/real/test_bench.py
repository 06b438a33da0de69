"""The benchmark's processes: CPU time of a whole tree, and workers that answer over their standard streams."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

BENCH = Path(__file__).parents[2] / "bench"

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/task").exists(), reason="CPU time of a tree is read from Linux's /proc"
)


@pytest.fixture(autouse=True)
def bench_on_path(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make bench/'s modules importable, which are no part of the package: the tests import them themselves."""
    monkeypatch.syspath_prepend(str(BENCH))


@pytest.fixture
def shell() -> Iterator[subprocess.Popen[bytes]]:
    """A shell that has started `cat` and waits for it; both are there once a line has come back."""
    process = subprocess.Popen(["sh", "-c", "cat; :"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(b"here\n")
    process.stdin.flush()
    assert process.stdout.readline() == b"here\n"
    yield process
    process.communicate()


def test_a_process_tree_has_the_children_too(shell: subprocess.Popen[bytes]) -> None:
    """The shell comes first, then the program that it runs."""
    from measure import process_tree

    parent, child = process_tree(shell.pid)
    assert parent == shell.pid
    assert Path(f"/proc/{child}/comm").read_text() == "cat\n"


def test_cpu_time_of_a_tree_is_more_than_that_of_its_child(shell: subprocess.Popen[bytes]) -> None:
    """Both have run, so the sum is larger than either part."""
    from measure import cpu_nanoseconds, process_tree

    _, child = process_tree(shell.pid)
    assert cpu_nanoseconds(shell.pid) > cpu_nanoseconds(child) > 0


def test_a_process_that_is_gone_has_used_nothing(shell: subprocess.Popen[bytes]) -> None:
    """A server that died between two readings must not end the run."""
    from measure import cpu_nanoseconds

    shell.communicate()
    assert cpu_nanoseconds(shell.pid) == 0


def test_a_worker_runs_what_it_is_asked_for_and_says_its_cpu_time(tmp_path: Path) -> None:
    """Its answers come back as they are, and its operations run as often as asked."""
    from measure import server_and_client_cores
    from peers import Worker

    script = tmp_path / "peer.py"
    script.write_text(
        "from worker import serve\n"
        "counts = []\n"
        "serve({'count': counts.append}, lambda: {'counts': counts}, reset=lambda: counts.append('reset'))\n"
    )
    with Worker([sys.executable, script], core=server_and_client_cores()[0]) as worker:
        assert worker.seconds("count", 3) >= 0
        assert worker.ask("answers") == {"counts": [3, "reset"]}


def test_a_worker_that_dies_is_reported_in_its_own_last_words(tmp_path: Path) -> None:
    """So the table can say why a peer has no figures."""
    from measure import server_and_client_cores
    from peers import PeerError, Worker

    script = tmp_path / "peer.py"
    script.write_text("raise SystemExit('no such library')\n")
    with (
        Worker([sys.executable, script], core=server_and_client_cores()[0]) as worker,
        pytest.raises(PeerError, match=r"^no such library$"),
    ):
        worker.ask("answers")
