"""Pages about the running system: who may see them and act there, by each verb, and where they are."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.auth.people import PASSWORD, settings

from spruce import App, admin, db
from spruce.admin.system import register_system_pages
from spruce.auth import get_user_model
from spruce.web.client import Client

from .running import expected, running_app, told

PEOPLE = ("", "anna", "helper", "seer", "clerk", "root")
READS = (302, 403, 403, 200, 200, 200)
ACTS = (302, 403, 403, 403, 303, 303)
PAGES: dict[str, dict[str, tuple[int, ...]]] = {
    "/admin/system/sessions/": {"GET": READS, "POST": ACTS},
    "/admin/system/caches/": {"GET": READS, "POST": ACTS},
    "/admin/system/jobs/": {"GET": READS, "POST": ACTS},
    "/admin/system/jobs/?job=none": {"GET": (302, 403, 403, 404, 404, 404), "POST": ACTS},
    "/admin/system/requests/": {"GET": READS, "POST": (302, 403, 403, 405, 405, 405)},
}
"""What is answered to nobody, to somebody, to staff without rights, to who may view, who may change, and may do all."""


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    """An app in which all of it is on."""
    yield from running_app(tmp_path)


@pytest.mark.parametrize("path", PAGES)
def test_who_may_do_what(log_in: Callable[[str], Client], path: str) -> None:
    """A table without holes: a page that only shows has no POST, and none has PUT, PATCH or DELETE."""
    for place, name in enumerate(PEOPLE):
        assert told(log_in(name), path) == expected(PAGES[path], place), name


def test_every_page_is_in_the_table(app: App, log_in: Callable[[str], Client]) -> None:
    """A page that is added later has to be looked at too; all are linked for who may see them."""
    rules = {rule.rule for rule in app.url_map.iter_rules() if rule.endpoint.startswith("admin.page_")}
    assert rules == {path.partition("?")[0] for path in PAGES}
    for name, linked in (("root", True), ("seer", True), ("helper", False)):
        page = log_in(name).get("/admin/").text
        assert all((f'href="{rule}"' in page) is linked for rule in rules)


def test_what_is_off_is_not_there(tmp_path: Path) -> None:
    """Sessions in cookies, no caches, no viewer, jobs elsewhere: no page has anything to show."""
    app = App("off", static_folder=None, **settings(tmp_path, SESSION_ENGINE="cookie", TASKS="dummy"))
    site = admin.AdminSite()
    register_system_pages(site)
    register_system_pages(site)  # once more is no more
    site.init_app(app)
    with app.app_context():
        db.create_all()
        get_user_model().objects.create_superuser("root", "root@example.com", PASSWORD)
    client = app.test_client()
    client.post("/accounts/login/", data={"username": "root", "password": PASSWORD})
    assert "System" not in client.get("/admin/").text
    assert {client.get(path).status_code for path in PAGES} == {403}
