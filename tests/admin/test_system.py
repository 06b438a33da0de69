"""Pages about the running system: who may see them and act there, by each verb, and where they are."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.auth.people import PASSWORD, counted, settings

from spruce import App, admin, db, task
from spruce.admin.jobs import queue_counts
from spruce.admin.models import LogEntry
from spruce.admin.system import register_system_pages
from spruce.auth import get_user_model
from spruce.auth.models import Permission
from spruce.cache import caches
from spruce.db.databases import Databases
from spruce.middleware.databasestore import StoredSession
from spruce.tasks.tables import Job
from spruce.web.client import Client

PEOPLE = ("", "anna", "helper", "seer", "clerk", "root")
READS = (302, 403, 403, 200, 200, 200)
ACTS = (302, 403, 403, 403, 303, 303)
PAGES: dict[str, dict[str, tuple[int, ...]]] = {
    "/admin/system/sessions/": {"GET": READS, "POST": ACTS},
    "/admin/system/caches/": {"GET": READS, "POST": ACTS},
    "/admin/system/jobs/": {"GET": READS, "POST": ACTS},
    "/admin/system/jobs/?job=none": {"GET": (302, 403, 403, 404, 404, 404), "POST": ACTS},
    "/admin/system/requests/": {"GET": READS, "POST": (302, 403, 404, 404, 404, 404)},  # where lists of models are
}
"""What is answered to nobody, to somebody, to staff without rights, to who may view, who may change, and may do all."""


@task
def breaks(text: str) -> None:
    """A job that fails."""
    raise ValueError(text)


@pytest.fixture
def site() -> admin.AdminSite:
    """An admin with nothing but pages about the system."""
    made = admin.AdminSite()
    register_system_pages(made)
    register_system_pages(made)  # once more is no more
    return made


@pytest.fixture
def app(site: admin.AdminSite, tmp_path: Path) -> Iterator[App]:
    """An app in which all of it is on, and people with different rights."""
    more = {
        "CACHES": {"default": "memory://", "pages": "memory://", "odd": "near+wrong://x"},
        "VIEWER": True,
        "INSTANCE_PATH": str(tmp_path),
    }
    app = App("system", static_folder=None, **settings(tmp_path, **more))
    site.init_app(app)
    with app.app_context():
        db.create_all()
        users = get_user_model().objects
        users.create_superuser("root", "root@example.com", PASSWORD)
        for name, verb in (("seer", "view"), ("clerk", "change"), ("helper", "")):
            user = users.create_user(name, f"{name}@example.com", PASSWORD, is_staff=True)
            rights = Permission.objects.filter(app_label="admin", codename__startswith=f"{verb}_") if verb else []
            extra = Permission.objects.filter(app_label="admin", codename="view_requests") if verb else []
            user.user_permissions.set([*(one for one in rights if not one.codename.endswith("logentry")), *extra])
        users.create_user("anna", "anna@example.com", PASSWORD)
    yield app
    viewer: Any = app.config.resources.get("spruce.apm.viewer")
    if viewer is not None:
        viewer.close()
    client: Any = app.config.resources.get("apm")
    if client is not None:
        client.close()
    databases = app.config.resources.get("spruce.db")
    if isinstance(databases, Databases):
        databases.close()


def do(client: Client, path: str, action: str, *keys: str) -> str:
    """Ask for something, say yes, and return the page that comes then."""
    asked = client.post(path, data={"action": action, "key": list(keys)})
    assert asked.status_code == 200
    for key in keys:
        assert f'name="key" value="{key}"' in asked.text
    return client.post(path, data={"action": action, "key": list(keys), "confirmed": "yes"}, follow_redirects=True).text


@pytest.mark.parametrize("path", PAGES)
def test_who_may_do_what(log_in: Callable[[str], Client], path: str) -> None:
    """A table without holes: a page that only shows has no POST, and none has PUT, PATCH or DELETE."""
    for place, name in enumerate(PEOPLE):
        client = log_in(name)
        found, expected = {}, {}
        for verb in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"):
            found[verb] = client.open(path, method=verb, data={} if verb == "POST" else None).status_code
            known = PAGES[path].get("GET" if verb == "HEAD" else verb)
            expected[verb] = 405 if known is None else known[place]
        assert found == expected, name


def test_every_page_is_in_the_table(app: App, log_in: Callable[[str], Client]) -> None:
    """A page that is added later has to be looked at too; all are linked for who may see them."""
    rules = {rule.rule for rule in app.url_map.iter_rules() if rule.endpoint.startswith("admin.page_")}
    assert rules == {path.partition("?")[0] for path in PAGES}
    for name, linked in (("root", True), ("seer", True), ("helper", False)):
        page = log_in(name).get("/admin/").text
        assert all((f'href="{rule}"' in page) is linked for rule in rules)


def test_what_is_off_is_not_there(site: admin.AdminSite, tmp_path: Path) -> None:
    """Sessions in cookies, no caches, no viewer, jobs elsewhere: no page has anything to show."""
    app = App("off", static_folder=None, **settings(tmp_path, SESSION_ENGINE="cookie", TASKS="dummy"))
    site.init_app(app)
    with app.app_context():
        db.create_all()
        get_user_model().objects.create_superuser("root", "root@example.com", PASSWORD)
    client = app.test_client()
    client.post("/accounts/login/", data={"username": "root", "password": PASSWORD})
    assert "System" not in client.get("/admin/").text
    assert {client.get(path).status_code for path in PAGES} == {403}


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


class TestSessions:
    path = "/admin/system/sessions/"

    def test_one_is_ended_and_written_down(self, app: App, root: Client, log_in: Callable[[str], Client]) -> None:
        anna = log_in("anna")
        page = root.get(self.path).text
        assert "2 in all" in page
        assert "this one" in page
        with app.app_context():
            key = StoredSession.objects.exclude(owner="1").get().key
        assert "Done for 1." in do(root, self.path, "end", key)
        with app.app_context():
            assert StoredSession.objects.count() == 1
            entry = LogEntry.objects.get()
            assert (entry.action, entry.model, entry.user_name) == ("end", "sessions", "root")
            assert entry.object_name.startswith("anna")
        assert "Nothing found." in root.get(f"{self.path}?q=anna").text
        assert anna.get("/admin/").status_code == 302
        answer = root.post(self.path, data={"action": "end", "key": key, "confirmed": "yes"}, follow_redirects=True)
        assert "Select the objects first." in answer.text

    def test_all_of_a_user_are_ended(self, app: App, root: Client, log_in: Callable[[str], Client]) -> None:
        browsers = [log_in("seer"), log_in("seer")]
        page = root.get(f"{self.path}?q=seer").text
        assert "2 in all" in page
        with app.app_context():
            key = str(get_user_model().objects.get(username="seer").pk)
        do(root, self.path, "end_all", key)
        assert {browser.get("/admin/").status_code for browser in browsers} == {302}
        assert root.get("/admin/").status_code == 200

    def test_who_ends_all_of_their_own_keeps_this_one(self, root: Client, log_in: Callable[[str], Client]) -> None:
        other = log_in("root")
        do(root, self.path, "end_all", "1")
        assert (root.get("/admin/").status_code, other.get("/admin/").status_code) == (200, 302)

    def test_superusers_are_logged_out_by_superusers_only(
        self, app: App, root: Client, log_in: Callable[[str], Client]
    ) -> None:
        clerk = log_in("clerk")
        with app.app_context():
            key = StoredSession.objects.filter(owner="1").get().key
        for action, target in (("end", key), ("end_all", "1")):
            data = {"action": action, "key": target, "confirmed": "yes"}
            assert clerk.post(self.path, data=data).status_code == 403
        assert root.get("/admin/").status_code == 200

    def test_odd_addresses_are_no_trouble(self, root: Client) -> None:
        for query in ("?before=x", "?before=2026-01-01", "?q=nobody", "?before=2099-01-01T00:00:00%2B00:00"):
            assert root.get(f"{self.path}{query}").status_code == 200

    def test_a_page_of_many_asks_as_few_queries(self, app: App, root: Client, queries: list[str]) -> None:
        """Each by an index; the next page begins where this one ends."""
        with app.app_context():
            first = StoredSession.objects.get()
            rest = {"values": first.values, "began": first.began}
            ends = [first.expires.replace(year=2050, microsecond=number) for number in range(120)]
            StoredSession.objects.bulk_create(
                [StoredSession(key=f"{n:064}", expires=end, owner=str(n % 3 + 1), **rest) for n, end in enumerate(ends)]
            )
        queries.clear()
        page = root.get(self.path).text
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


class TestCaches:
    path = "/admin/system/caches/"

    def test_figures_and_what_is_wrong(self, app: App, root: Client) -> None:
        with app.app_context():
            caches["pages"].set("a", 1)
            caches["pages"].get("a")
            caches["pages"].get("b")
        page = root.get(self.path).text
        for text in ("<dt>Hit rate</dt><dd>50.0%</dd>", "<dt>Entries</dt><dd>1</dd>", "<small>Memory</small>", "odd"):
            assert text in page
        assert "CACHES[&#39;odd&#39;] is &#39;near+wrong://x&#39;" in page

    def test_one_is_cleared(self, app: App, root: Client) -> None:
        with app.app_context():
            caches["pages"].set("a", 1)
        do(root, self.path, "clear", "pages")
        with app.app_context():
            assert caches["pages"].get("a") is None
            assert LogEntry.objects.get().action == "clear"


class TestJobs:
    path = "/admin/system/jobs/"

    def test_a_job_that_failed_is_shown_and_runs_again(self, app: App, root: Client) -> None:
        with app.app_context():
            job = breaks.enqueue("<oh>")
            assert "tests.admin.test_system.breaks" in root.get(self.path).text
            Job.objects.filter(pk=job.id).update(
                state="FAILED", finished=5.0, errors='["builtins.ValueError", "Traceback\\nValueError: <oh>"]\n'
            )
        page = root.get(self.path).text
        assert "<td>ValueError: &lt;oh&gt;</td>" in page
        assert '<td class="number">1</td>' in page
        page = root.get(f"{self.path}?job={job.id}").text
        for text in ("Traceback\nValueError: &lt;oh&gt;", "[&#39;&lt;oh&gt;&#39;]", "Run again"):
            assert text in page
        do(root, self.path, "replay", job.id)
        with app.app_context():
            assert Job.objects.get(pk=job.id).state == "READY"
            assert LogEntry.objects.get().object_name == f"tests.admin.test_system.breaks ({job.id})"
        do(root, self.path, "cancel", job.id)
        do(root, self.path, "remove", job.id)
        assert root.get(f"{self.path}?job={job.id}").status_code == 404
        answer = root.post(
            self.path, data={"action": "remove", "key": job.id, "confirmed": "yes"}, follow_redirects=True
        )
        assert "Select the objects first." in answer.text

    def test_who_may_only_look_has_no_buttons(self, app: App, log_in: Callable[[str], Client]) -> None:
        with app.app_context():
            breaks.enqueue("x")
        assert "<button" not in log_in("seer").get(self.path).text.partition("<main")[2]
        assert "Cancel" in log_in("clerk").get(self.path).text

    def test_a_queue_with_very_many_jobs_is_not_counted_to_its_end(self, app: App, root: Client) -> None:
        """One query, by an index of each state."""
        with app.app_context():
            job = breaks.enqueue("x")
            names = "task, queue, priority, run_after, state, arguments, enqueued"
            zeros = "attempts, lost, fence, workers, errors, slots, pending, leads, cancelling"
            db.execute(
                f"INSERT INTO spruce_task (id, {names}, {zeros}) WITH RECURSIVE n(i) AS "
                "(SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10100) "
                f"SELECT 'job' || i, {names}, 0, 0, 0, '', '', 0, 0, FALSE, FALSE FROM spruce_task, n WHERE id = :id",
                {"id": job.id},
            )
            with counted() as queries:
                found = queue_counts()
            assert (found[0].ready, found[0].failed, len(queries)) == ("more than 10,000", "0", 1)
            plan = [str(row) for row in db.execute(f"EXPLAIN QUERY PLAN {queries[0]}").all()]
            assert not [line for line in plan if "SCAN spruce_task" in line and "INDEX" not in line], plan
        assert "more than 10,000" in root.get(self.path).text


class TestRequests:
    def test_the_last_hour_in_short(self, root: Client) -> None:
        page = root.get("/admin/system/requests/").text
        for text in ('href="/_spruce/"', "Requests of the last hour", "There were none."):
            assert text in page
