"""What is done on pages about the system: asked about first, by forms of ours, of those who may."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from spruce import App
from spruce.admin.models import LogEntry
from spruce.cache import caches
from spruce.web.client import Client

from .running import running_app


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    """An app in which all of it is on."""
    yield from running_app(tmp_path)


def test_nothing_is_done_without_a_yes(app: App, root: Client) -> None:
    """Nor to nothing, nor what is unknown; and a form of somebody else does nothing at all."""
    path = "/admin/system/caches/"
    with app.app_context():
        caches["pages"].set("a", 1)
    assert root.post(path, data={"action": "clear", "key": "pages"}).status_code == 200
    for data, told in (
        ({"action": "explode", "key": "pages", "confirmed": "yes"}, "No action selected."),
        ({"action": "clear", "key": "nowhere", "confirmed": "yes"}, "Select the objects first."),
    ):
        assert told in root.post(path, data=data, follow_redirects=True).text
    sent = {"action": "clear", "key": "pages", "confirmed": "yes"}
    forged = root.post(path, data=sent, headers={"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"})
    assert forged.status_code == 403
    with app.app_context():
        assert caches["pages"].get("a") == 1
        assert not LogEntry.objects.exists()
