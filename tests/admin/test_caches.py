"""The page of caches: figures, troubles, clearing."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from spruce import App
from spruce.admin.models import LogEntry
from spruce.cache import caches
from spruce.web.client import Client

from .running import do, running_app

PATH = "/admin/system/caches/"


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    """An app in which all of it is on."""
    yield from running_app(tmp_path)


def test_figures_and_what_is_wrong(app: App, root: Client) -> None:
    with app.app_context():
        caches["pages"].set("a", 1)
        caches["pages"].get("a")
        caches["pages"].get("b")
    page = root.get(PATH).text
    for text in ("<dt>Hit rate</dt><dd>50.0%</dd>", "<dt>Entries</dt><dd>1</dd>", "<small>Memory</small>", "odd"):
        assert text in page
    assert 'aria-label="Clear the cache: pages">Clear</button>' in page
    assert "CACHES[&#39;odd&#39;] is &#39;near+wrong://***@x&#39;" in page
    assert "hunter2" not in page  # a URL that is wrong may be nearly right


def test_one_is_cleared(app: App, root: Client) -> None:
    with app.app_context():
        caches["pages"].set("a", 1)
    do(root, PATH, "clear", "pages")
    with app.app_context():
        assert caches["pages"].get("a") is None
        assert LogEntry.objects.get().action == "clear"
