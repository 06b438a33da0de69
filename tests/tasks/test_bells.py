"""Bells, and how they are rung from elsewhere."""

import os
import socket
import threading
from pathlib import Path

import pytest

from spruce import green
from spruce.tasks.bells import Bell, Door, knock


@pytest.fixture(autouse=True)
def _folder(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPRUCE_RUN_DIR", str(tmp_path_factory.mktemp("r")))


def test_a_ring_ends_the_wait_and_one_before_is_kept() -> None:
    bell = Bell()
    bell.ring()
    assert bell.wait(None)
    waiting = green.spawn(bell.wait, None)
    green.sleep(0)
    bell.ring()
    assert waiting.wait()
    assert not bell.wait(0)


def test_another_os_thread_may_ring() -> None:
    bell = Bell()
    thread = threading.Thread(target=bell.ring)
    thread.start()
    assert bell.wait(10)
    thread.join()


def door_as_of_another_process(path: str, bell: Bell) -> Door:
    door = Door(path, bell.ring)
    other = door._path.with_name(f"1{os.getpid()}.other")
    door._path.rename(other)
    door._path = other
    return door


def test_a_knock_is_heard_at_the_doors_of_the_same_database() -> None:
    one, two = Bell(), Bell()
    doors = door_as_of_another_process("/a.db", one), door_as_of_another_process("/b.db", two)
    knock("/a.db")
    assert one.wait(10)
    assert not two.wait(0)
    for door in doors:
        door.close()
    assert not doors[0]._path.exists()


def test_what_a_killed_process_has_left_is_removed() -> None:
    bell = Bell()
    door = door_as_of_another_process("/a.db", bell)
    left = door._path.with_name("9.left")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as dead:
        dead.bind(str(left))
    knock("/a.db")
    assert bell.wait(10)
    assert not left.exists()
    door.close()


def test_a_door_that_cannot_be_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """A path that is too long, for instance; jobs are found by looking then."""
    monkeypatch.setenv("SPRUCE_RUN_DIR", str(Path.cwd() / ("x" * 200)))
    monkeypatch.setattr(Path, "mkdir", lambda *_, **__: None)
    Door("/a.db", lambda: None).close()
    knock("/a.db")
