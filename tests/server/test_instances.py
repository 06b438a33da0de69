"""Finding what runs here, and asking it."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import pytest

from spruce.server.instances import StatusSocket, ask, found_folders, make_folder, run_folders


@pytest.fixture
def run_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "run"
    monkeypatch.setenv("SPRUCE_RUN_DIR", str(folder))
    return folder


@pytest.fixture
def status(run_folder: Path) -> Iterator[StatusSocket]:
    folder = make_folder()
    assert folder is not None
    one = StatusSocket(folder, lambda stacks: {"pid": 7, "stacks": stacks, "path": Path("x")})
    yield one
    one.close()


def test_the_folder_is_named_by_the_environment_or_the_user() -> None:
    assert run_folders({"SPRUCE_RUN_DIR": "/run/mine", "XDG_RUNTIME_DIR": "/run/user/5"}) == [Path("/run/mine")]
    found = run_folders({"XDG_RUNTIME_DIR": "/run/user/5"})
    assert found[0] == Path("/run/user/5/spruce")
    assert found[1].name == f"spruce-{os.getuid()}"


def test_a_process_has_a_folder_that_nobody_else_can_open(run_folder: Path) -> None:
    folder = make_folder()
    assert folder == run_folder / str(os.getpid())
    assert [path.stat().st_mode & 0o777 for path in (run_folder, folder)] == [0o700, 0o700]
    (folder / "1.sock").touch()
    assert make_folder() == folder
    assert list(folder.iterdir()) == []


def test_a_run_folder_that_others_can_open_is_not_used(run_folder: Path) -> None:
    """Somebody may have made it in order to look into it."""
    run_folder.mkdir()
    run_folder.chmod(0o755)
    assert make_folder() is None


def test_paths_too_long_for_a_socket_are_not_used(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SPRUCE_RUN_DIR", str(tmp_path / ("x" * 100)))
    assert make_folder() is None


def test_what_has_ended_is_removed(run_folder: Path) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    own = make_folder()
    for name in (str(ended.pid), "notes"):
        (run_folder / name).mkdir()
    assert list(found_folders()) == [(os.getpid(), own)]
    assert sorted(path.name for path in run_folder.iterdir()) == sorted([str(os.getpid()), "notes"])


@pytest.mark.parametrize("stacks", [True, False])
def test_who_asks_gets_the_facts(status: StatusSocket, stacks: bool) -> None:
    assert status.path.stat().st_mode & 0o777 == 0o600
    answers: list[object] = []
    asking = Thread(target=lambda: answers.append(ask(status.path, stacks=stacks)))
    asking.start()
    while not answers:
        status.read()
    asking.join()
    assert answers == [{"pid": 7, "stacks": stacks, "path": "x"}]


def test_who_has_gone_before_the_answer_is_forgotten(status: StatusSocket) -> None:
    status.read()  # nobody asks
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(status.path))
    status.read()


def test_a_process_that_does_not_answer_has_no_facts(tmp_path: Path, status: StatusSocket) -> None:
    assert ask(tmp_path / "nothing.sock") is None
    status.close()
    assert ask(status.path) is None
    assert not status.path.exists()


def test_a_link_is_no_run_folder(run_folder: Path, tmp_path: Path) -> None:
    """Somebody else may have made it, so that what it leads to is removed."""
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    (tmp_path / "elsewhere" / str(ended.pid)).mkdir(parents=True)
    run_folder.symlink_to("elsewhere")
    assert list(found_folders()) == []
    assert (tmp_path / "elsewhere" / str(ended.pid)).exists()
