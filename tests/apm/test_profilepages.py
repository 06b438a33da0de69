"""The profiler's pages, as far as they need no server; see test_viewer."""

from pathlib import Path
from typing import Any

import pytest

from spruce.apm.history import History
from spruce.apm.profilepages import ProfilePages, _choices


@pytest.fixture
def pages(tmp_path: Path) -> ProfilePages:
    return ProfilePages(History(tmp_path / "viewer.db"), lambda template, asked, **values: repr((template, values)))


def wanted(pages: ProfilePages) -> float:
    return pages._left()


@pytest.mark.parametrize(
    ("seconds", "least", "most"), [("60", 50, 60), ("999999", 0, 0), ("99999", 3590, 3600), ("x", 0, 0)]
)
def test_it_is_on_for_an_hour_at_most(pages: ProfilePages, seconds: str, least: float, most: float) -> None:
    pages.change({"seconds": seconds})
    assert least <= wanted(pages) <= most


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"name": "a"}, ("a", "cpu", True)),
        ({"name": "a", "state": "wait", "frames": "all"}, ("a", "wait", False)),
        ({"state": "x", "frames": "x"}, ("", "cpu", True)),
    ],
)
def test_what_cannot_be_read_is_the_usual(asked: dict[str, Any], found: tuple[str, str, bool]) -> None:
    assert _choices(asked) == found
