"""Restarting on change. That it does is tested in tests/real."""

from pathlib import Path

import pytest

from spruce.server.reload import _watched, inherited_binds, inherited_life


def test_a_child_of_the_reloader_listens_on_what_it_inherited(monkeypatch: pytest.MonkeyPatch) -> None:
    assert inherited_binds() is None
    monkeypatch.setenv("_SPRUCE_DESCRIPTORS", "3,4")
    assert inherited_binds() == ["fd://3", "fd://4"]


def test_a_child_of_the_reloader_knows_what_ends_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    assert inherited_life() is None
    monkeypatch.setenv("_SPRUCE_LIFE", "5")
    assert inherited_life() == 5


def test_the_current_folder_is_watched_and_installed_programs_are_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What runs this test is such a program: pytest."""
    monkeypatch.chdir(tmp_path)
    assert _watched() == [tmp_path]
