"""Noticing changes of files. That they restart what serves is tested in tests/real."""

import os
from pathlib import Path

import pytest

from spruce.server.reload import Changes, _watched


def test_the_current_folder_is_watched_and_installed_programs_are_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What runs this test is such a program: pytest."""
    monkeypatch.chdir(tmp_path)
    assert _watched() == {tmp_path}


@pytest.fixture
def changes() -> Changes:
    """One whose files nobody watches: what it reads is written by the test."""
    unwatched = object.__new__(Changes)
    unwatched.begun = False
    unwatched.descriptor, unwatched._leash = os.pipe()
    return unwatched


def test_changes_are_told_once_by_name(changes: Changes) -> None:
    os.write(changes._leash, b"\n")
    changes.wait_until_begun()
    os.write(changes._leash, b"b.py\na.html\nb.py\n")
    assert changes.read() == "a.html, b.py changed"
    changes.close()


def test_a_watch_that_has_begun_is_not_waited_for(changes: Changes) -> None:
    """Its first word may be read before anybody waits for it, which would take the next one for it."""
    os.write(changes._leash, b"\n")
    assert changes.read() is None
    changes.wait_until_begun()
    changes.close()


def test_the_end_of_the_watch_is_no_change(changes: Changes) -> None:
    os.close(changes._leash)
    with pytest.raises(EOFError):
        changes.read()
    os.close(changes.descriptor)
