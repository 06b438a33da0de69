"""The page of sessions: whose they are, and ending them."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from spruce import App
from spruce.admin.models import LogEntry
from spruce.auth import get_user_model
from spruce.middleware.databasestore import StoredSession
from spruce.web.client import Client

from .running import do, running_app

PATH = "/admin/system/sessions/"


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    """An app in which all of it is on."""
    yield from running_app(tmp_path)


def test_one_is_ended_and_written_down(app: App, root: Client, log_in: Callable[[str], Client]) -> None:
    anna = log_in("anna")
    page = root.get(PATH).text
    assert "2 in all" in page
    assert "this one" in page
    with app.app_context():
        key = StoredSession.objects.exclude(owner="1").get().key
    assert "Done for 1." in do(root, PATH, "end", key)
    with app.app_context():
        assert StoredSession.objects.count() == 1
        entry = LogEntry.objects.get()
        assert (entry.action, entry.model, entry.user_name) == ("end", "sessions", "root")
        assert entry.object_name.startswith("anna")
    assert "Nothing found." in root.get(f"{PATH}?q=anna").text
    assert anna.get("/admin/").status_code == 302
    answer = root.post(PATH, data={"action": "end", "key": key, "confirmed": "yes"}, follow_redirects=True)
    assert "Select the objects first." in answer.text


def test_all_of_a_user_are_ended(app: App, root: Client, log_in: Callable[[str], Client]) -> None:
    browsers = [log_in("seer"), log_in("seer")]
    page = root.get(f"{PATH}?q=seer").text
    assert "2 in all" in page
    with app.app_context():
        key = str(get_user_model().objects.get(username="seer").pk)
    do(root, PATH, "end all", key)
    assert {browser.get("/admin/").status_code for browser in browsers} == {302}
    assert root.get("/admin/").status_code == 200


def test_who_ends_all_of_their_own_keeps_this_one(root: Client, log_in: Callable[[str], Client]) -> None:
    other = log_in("root")
    do(root, PATH, "end all", "1")
    assert (root.get("/admin/").status_code, other.get("/admin/").status_code) == (200, 302)


def test_superusers_are_logged_out_by_superusers_only(app: App, root: Client, log_in: Callable[[str], Client]) -> None:
    clerk = log_in("clerk")
    with app.app_context():
        key = StoredSession.objects.filter(owner="1").get().key
    for action, target in (("end", key), ("end all", "1")):
        data = {"action": action, "key": target, "confirmed": "yes"}
        assert clerk.post(PATH, data=data).status_code == 403
    assert root.get("/admin/").status_code == 200


def test_odd_addresses_are_no_trouble(root: Client) -> None:
    for query in ("?before=x", "?before=2026-01-01", "?q=nobody", "?before=2099-01-01T00:00:00%2B00:00"):
        assert root.get(f"{PATH}{query}").status_code == 200


def test_a_page_of_many_asks_as_few_queries(app: App, root: Client, queries: list[str]) -> None:
    """Each by an index; the next page begins where this one ends."""
    with app.app_context():
        first = StoredSession.objects.get()
        rest = {"values": first.values, "began": first.began}
        ends = [first.expires.replace(year=2050, microsecond=number) for number in range(120)]
        StoredSession.objects.bulk_create(
            [StoredSession(key=f"{n:064}", expires=end, owner=str(n % 3 + 1), **rest) for n, end in enumerate(ends)]
        )
    queries.clear()
    page = root.get(PATH).text
    few = len(queries)
    assert page.count("<tr>") == 51
    following = re.search(r'rel="next" href="([^"]+)"', page)
    assert following is not None
    page = root.get(following[1].replace("&amp;", "&")).text
    assert page.count("<tr>") == 51
    assert few <= 5
    with app.app_context():
        live = StoredSession.objects.filter(expires__gt=first.began).order_by("-expires")[:51]
        assert "SEARCH spruce_session USING INDEX" in live.explain()


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
def test_the_ends_of_time_are_no_trouble(root: Client, moment: str) -> None:
    """Which are no moments in UTC."""
    assert root.get(PATH, query_string={"before": moment}).status_code == 200
