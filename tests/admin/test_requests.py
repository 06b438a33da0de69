"""The page of requests, which is short, and leads to the viewer."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from spruce import App
from spruce.web.client import Client

from .running import running_app


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    """An app in which all of it is on."""
    yield from running_app(tmp_path)


def test_the_last_hour_in_short(root: Client) -> None:
    page = root.get("/admin/system/requests/").text
    for text in ('href="/_spruce/"', "Requests of the last hour", "There were none."):
        assert text in page
