"""The viewer: who may see it, and that every page shows what happened."""

import json
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.apm.conftest import Records
from tests.apm.test_profiles import keep as keep_samples

from spruce import App, Response, db, green, redirect
from spruce.apm import Transaction, in_flight
from spruce.apm.profiler import Sampled
from spruce.apm.viewer import Viewer
from spruce.errors import ConfigError
from spruce.web.client import Client


class ViewedShelf(db.Model):
    name = db.CharField(max_length=20)


@pytest.fixture
def make(tmp_path: Path, records: Records) -> Iterator[Callable[..., App]]:
    """Return what makes an app whose viewer everybody may see, unless settings say otherwise."""
    made: list[App] = []

    def make(**settings: Any) -> App:
        settings = {"VIEWER_AUTHORIZE": lambda request: True, **settings}
        app = App(
            __name__,
            SECRET_KEY="a secret of some length, for tests only",
            INSTANCE_PATH=str(tmp_path),
            DATABASES={"default": f"sqlite:///{tmp_path / 'app.db'}"},
            **settings,
        )
        made.append(app)
        app.add_url_rule("/fine/<int:number>", "fine", lambda number: f"fine {number}")
        app.add_url_rule("/fails", "fails", fails)
        app.add_url_rule("/queries", "queries", queries)
        return app

    yield make
    for app in made:
        if (viewer := viewer_of(app)) is not None:
            viewer.close()
        with app.app_context():
            db.configure(DATABASES={})


def viewer_of(app: App) -> Viewer | None:
    found = app.config.resources.get("spruce.apm.viewer")
    return found if isinstance(found, Viewer) else None


def fails() -> str:
    password = "hunter2"
    raise ValueError(f"<b>not</b> {len(password)}")


def queries() -> str:
    db.create_all()
    shelf = ViewedShelf.objects.create(name="<top>")
    for _ in range(4):
        ViewedShelf.objects.get(pk=shelf.pk)
    return "done"


def page(app: App, path: str, **options: Any) -> Response:
    """A page of the viewer, when all that happened is written."""
    viewer = viewer_of(app)
    if viewer is not None:
        viewer.history.close()
    client: Client = app.test_client()
    return client.get(f"/_spruce/{path}", **options)


def uid_of(text: str, folder: str) -> str:
    found = re.search(rf'/_spruce/{folder}/([0-9a-f]+)"', text)
    assert found is not None
    return found[1]


def test_nobody_sees_it_unless_it_is_said_who_may(make: Callable[..., App]) -> None:
    app = make(VIEWER_AUTHORIZE=None)
    assert page(app, "").status_code == 404
    assert viewer_of(app) is None


def test_who_is_not_authorized_sees_what_is_not_there(make: Callable[..., App]) -> None:
    app = make(VIEWER_AUTHORIZE=lambda request: request.args.get("who") == "me")
    for path in ("", "requests", "requests/0123456789abcdef", "flights", "viewer.css", "errors", "routes"):
        assert page(app, path).status_code == 404
    assert page(app, "", query_string={"who": "me"}).status_code == 200
    assert app.test_client().post("/_spruce/cancel", data={"id": "x"}).status_code == 404


def test_the_authorizer_may_be_named(make: Callable[..., App]) -> None:
    assert page(make(VIEWER_AUTHORIZE=f"{__name__}.nobody"), "").status_code == 404
    with pytest.raises(ConfigError) as caught:
        make(VIEWER_AUTHORIZE=f"{__name__}.nobdy").prepare()
    assert str(caught.value).startswith(f"VIEWER_AUTHORIZE is '{__name__}.nobdy', which cannot be imported")


def nobody(request: object) -> bool:
    return False


def test_in_debug_mode_it_wants_the_token_and_no_proxy(make: Callable[..., App]) -> None:
    app = make(VIEWER_AUTHORIZE=None, VIEWER=True, DEBUG=True, DEBUG_TOKEN="token")
    client = app.test_client()
    assert client.get("/_spruce/").status_code == 404
    assert client.get("/_debug", query_string={"token": "token", "next": "/_spruce/"}).location == "/_spruce/"
    assert client.get("/_spruce/").status_code == 200
    assert client.get("/_spruce").location == "/_spruce/"
    assert client.get("/_spruce/", headers={"X-Forwarded-For": "203.0.113.9"}).status_code == 404
    assert client.get("/_spruce/", remote_addr="203.0.113.9").status_code == 404


def test_pages_keep_nothing_in_browsers_and_load_nothing_from_elsewhere(make: Callable[..., App]) -> None:
    app = make()
    response = page(app, "")
    assert response.headers["Cache-Control"] == "no-store"
    policy = response.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; style-src 'self'; script-src 'self';")
    assert "unsafe" not in policy
    assert not re.search(r'(src|href)="(?!/_spruce|#)', response.text)
    assert " style=" not in response.text
    for name in ("viewer.css", "viewer.js"):
        assert page(app, name).status_code == 200


def test_requests_are_listed_and_found(make: Callable[..., App]) -> None:
    app = make()
    client = app.test_client()
    for number in range(3):
        client.get(f"/fine/{number}?q=x")
    client.get("/fails")
    client.get("/nothing")
    text = page(app, "requests").text
    assert text.count("GET /fine/&lt;int:number&gt;</a>") == 3
    assert "/fine/2?q=x" in text
    assert "_spruce" not in re.sub(r'(href|action|src|data-source)="[^"]*"', "", text)

    def found(**asked: str) -> list[str]:
        return re.findall(r'class="target">([^<]*)<', page(app, "requests", query_string=asked).text)

    assert found(name="GET /fine/<int:number>") == ["/fine/2?q=x", "/fine/1?q=x", "/fine/0?q=x"]
    assert found(status="5") == found(status="failed") == ["/fails"]
    assert found(status="404") == ["/nothing"]
    assert found(q="/fine/1") == ["/fine/1?q=x"]
    assert found(q="100%") == []
    assert found(slow="60000") == []
    assert len(found(slow="nonsense", status="'; DROP TABLE request", before="x")) == 5
    assert found(before="3") == ["/fine/1?q=x", "/fine/0?q=x"]


def test_a_request_shows_its_queries_and_what_is_repeated(make: Callable[..., App]) -> None:
    app = make()
    app.test_client().get("/queries")
    text = page(app, f"requests/{uid_of(page(app, 'requests').text, 'requests')}").text
    assert "INSERT INTO viewed_shelf" in text
    assert "&#39;&lt;top&gt;&#39;" in text
    assert "4 queries at" in text
    assert re.search(r"test_viewer\.py:\d+", text)
    assert '<rect class="kind-' in text


def test_secrets_in_addresses_are_hidden(make: Callable[..., App]) -> None:
    app = make()
    app.test_client().get("/fine/1?q=shown&reset_token=hunter2&a=b&API-Key=hunter2")
    text = page(app, "requests").text
    assert "/fine/1?q=shown&amp;reset_token=[hidden]&amp;a=b&amp;API-Key=[hidden]" in text
    assert "hunter2" not in text + page(app, f"requests/{uid_of(text, 'requests')}").text


def test_an_error_shows_its_frames_without_secrets(make: Callable[..., App]) -> None:
    app = make()
    for _ in range(3):
        app.test_client().get("/fails")
    listed = page(app, "errors").text
    assert "&lt;b&gt;not&lt;/b&gt; 7" in listed
    assert '<td class="num">3</td>' in listed
    text = page(app, f"errors/{uid_of(listed, 'errors')}").text
    assert "raise ValueError(" in text
    assert "hunter2" not in re.sub(r"<pre>.*?</pre>", "", text, flags=re.S)
    assert text.count("the request</a>") == 3
    request = page(app, f"requests/{uid_of(text, 'requests')}").text
    assert "raise ValueError(" in request


def test_routes_have_percentiles_and_a_chart(make: Callable[..., App]) -> None:
    app = make()
    for number in range(5):
        app.test_client().get(f"/fine/{number}")
    for span in ("1h", "1d", "7d", "nonsense"):
        text = page(app, "routes", query_string={"span": span}).text
        assert re.search(r"GET /fine/&lt;int:number&gt;</a></th>\s*<td class=\"num\">5</td>", text)
        assert "5 requests" in text


@pytest.mark.parametrize(
    "path", ["x", "requests/none", "errors/none", "requests/a/b", "../app.py", "viewer.css/x", "cancel"]
)
def test_what_is_not_there_is_404(make: Callable[..., App], path: str) -> None:
    assert page(make(), path).status_code == 404


def test_what_is_in_flight_is_shown_and_can_be_cancelled(make: Callable[..., App]) -> None:
    app = make()
    app.add_url_rule("/slow", "slow", lambda: green.sleep(1000))

    def main() -> None:
        client = app.test_client()
        client.get("/_spruce/")  # from now on workers tell what is in flight
        slow = green.spawn(app.test_client().get, "/slow")
        text = ""
        while "GET /slow" not in text:
            text = client.get("/_spruce/flights").text
            green.sleep(0.05)
        assert "green.sleep(1000)" in text
        assert "waits for sleep()" in text
        found = re.search(r'name="id" value="(\w+)"', text)
        assert found is not None
        assert (
            client.post("/_spruce/cancel", data={"id": found[1]}, headers={"Sec-Fetch-Site": "cross-site"}).status_code
            == 403
        )
        assert client.post("/_spruce/cancel", data={"id": found[1]}).status_code == 303
        answer = slow.wait()
        assert (answer.status_code, "This was cancelled by an operator." in answer.text) == (503, True)
        assert [one for one in in_flight() if isinstance(one, Transaction)] == []

    green.run(main)


def test_its_own_pages_are_not_recorded(make: Callable[..., App], records: Records) -> None:
    app = make()
    page(app, "")
    page(app, "requests")
    assert records.transactions == []


def test_nothing_is_sent_anywhere_for_it(make: Callable[..., App]) -> None:
    from spruce.apm import get_client

    app = make()
    app.prepare()
    client = get_client()
    assert client is not None
    assert client.settings.disable_send is True


def test_it_speaks_chinese(make: Callable[..., App]) -> None:
    app = make()
    app.test_client().get("/queries")
    text = page(app, "", headers={"Accept-Language": "zh-CN"}).text
    assert '<html lang="zh' in text
    assert "正在进行" in text
    uid = uid_of(text, "requests")
    assert "时间去向" in page(app, f"requests/{uid}", headers={"Accept-Language": "zh-CN"}).text


def test_the_profiler_is_switched_on_and_off_and_forgets(make: Callable[..., App]) -> None:
    app = make()
    client = app.test_client()
    assert "On for 5 minutes" in page(app, "profile").text
    assert client.post("/_spruce/profile", data={"seconds": "300"}).location == "/_spruce/profile"
    assert re.search(r"for (299|300) more seconds", page(app, "profile").text)
    client.post("/_spruce/profile", data={"seconds": "0"})
    assert "On for 5 minutes" in page(app, "profile").text
    viewer = viewer_of(app)
    assert viewer is not None
    keep_samples(viewer.history, Sampled("GET /hot", False, (test_who_may_change.__code__, page.__code__), 3, 0.03))
    assert "GET /hot</a>" in page(app, "profile").text
    client.post("/_spruce/profile", data={"do": "clear"})
    assert "GET /hot" not in page(app, "profile").text


@pytest.mark.parametrize("path", ["cancel", "profile"])
def test_who_may_change(make: Callable[..., App], path: str) -> None:
    """Only pages of the viewer itself, also where the app does without CsrfViewMiddleware."""
    default = [name for name in App(__name__).config["DEFAULT_MIDDLEWARE"] if "Csrf" not in name]
    client = make(DEFAULT_MIDDLEWARE=default).test_client()
    foreign = client.post(f"/_spruce/{path}", data={"id": "x"}, headers={"Sec-Fetch-Site": "cross-site"})
    own = client.post(f"/_spruce/{path}", data={"id": "x"}, headers={"Sec-Fetch-Site": "same-origin"})
    assert (foreign.status_code, own.status_code) == (403, 303)


def test_where_tokens_are_asked_for_its_forms_have_them(make: Callable[..., App]) -> None:
    app = make(CSRF_MODE="token")
    client = app.test_client()
    text = client.get("/_spruce/profile").text
    token = re.search(r'name="(\w+)" value="(\w+)"', text)
    assert token is not None
    assert client.post("/_spruce/profile", data={"seconds": "60"}).status_code == 403
    assert client.post("/_spruce/profile", data={"seconds": "60", token[1]: token[2]}).status_code == 303


def test_a_flame_graph_shows_calls_as_boxes_and_as_tables(make: Callable[..., App]) -> None:
    app = make()
    page(app, "")
    viewer = viewer_of(app)
    assert viewer is not None
    stack = (fails.__code__, queries.__code__)
    keep_samples(viewer.history, Sampled("GET /<x>", False, stack, 3, 0.03), Sampled("GET /<x>", True, stack, 1, 0.1))
    asked = {"name": "GET /<x>"}
    text = page(app, "profile", query_string=asked).text
    assert " style=" not in text
    assert re.findall(r'aria-label="(\w[^"]*ms, [^"]*)"', text) == [
        "GET /&lt;x&gt;, 30 ms, 100.0 %",
        "queries, 30 ms, 100.0 %",
        "fails, 30 ms, 100.0 %",
    ]
    assert '<th scope="row" class="code">fails<' in text
    zoom = re.search(r"in=(\w+)#graph\" class=\"call-own\"", text)
    assert zoom is not None
    assert "Show all" in page(app, "profile", query_string={**asked, "in": zoom[1]}).text
    both = page(app, "profile", query_string={**asked, "state": "all", "frames": "all", "in": "none"}).text
    assert "queries, 130 ms, 100.0 %" in both
    assert "Nothing yet." in page(app, "profile", query_string={"name": "GET /other", "state": "x"}).text
    folded = page(app, "profile/export", query_string=asked)
    assert folded.mimetype == "text/plain"
    assert re.fullmatch(r"GET /<x>;queries \(.*\);fails \(.*\) 30000\n", folded.text)
    made = page(app, "profile/export", query_string={**asked, "format": "speedscope", "state": "wait"})
    assert made.headers["Content-Disposition"] == 'attachment; filename="profile.speedscope.json"'
    assert made.json["profiles"][0]["weights"] == [0.1]


def test_a_query_has_a_plan(make: Callable[..., App]) -> None:
    app = make()
    app.test_client().get("/queries")
    request = page(app, f"requests/{uid_of(page(app, 'requests').text, 'requests')}").text
    texts = [page(app, path).text for path in re.findall(r'href="/_spruce/(plan/\w+/\w+)"', request)]
    assert any("SEARCH viewed_shelf USING INTEGER PRIMARY KEY" in text for text in texts)
    assert any("There is no plan for this kind of statement." in text for text in texts)
    assert page(app, "plan/none/none").status_code == 404


def test_queries_that_were_put_together_are_shown_one_by_one(make: Callable[..., App]) -> None:
    """Each with its parameters and its plan, also those that are alike."""
    app = make()
    app.test_client().get("/queries")
    uid = uid_of(page(app, "requests").text, "requests")
    text = page(app, f"requests/{uid}").text
    assert re.search(r"SELECT FROM viewed_shelf ×4", text)
    assert text.count("WHERE viewed_shelf.id = ?</pre>") == 4
    second = re.findall(r'href="/_spruce/(plan/\w+/\w+/1)"', text)[-1]
    assert "SEARCH viewed_shelf USING INTEGER PRIMARY KEY" in page(app, second).text
    assert page(app, f"{second[:-1]}9").status_code == 404


def test_workers_tell_how_they_are(make: Callable[..., App]) -> None:
    """With the pools of their databases and the hit rates of their caches."""
    app = make()
    assert "No worker has told anything yet." in page(app, "workers").text
    viewer = viewer_of(app)
    assert viewer is not None
    vitals = {
        "memory": 48_000_000, "cpu": 0.25, "lag": 0.5, "rate": 12.5,
        "pools": {"default": {"connections": 3, "free": 1, "timeouts": 2}},
        "caches": {
            "default": {"hits": 3, "misses": 1, "entries": 7, "bytes": 2048},
            "far": {"open": True, "trips": 4},
        },
    }  # fmt: skip
    told = {"pid": 77, "threads": 5, "dropped": 0, "flights": [], "vitals": vitals}
    viewer.history.change("REPLACE INTO flight VALUES (77, ?, ?)", (time.time() + 30, json.dumps(told)))
    text = re.sub(r"<[^>]+>", "|", page(app, "workers").text)
    cells = [cell for cell in re.split(r"[|\s]{2,}", text) if cell]
    for row in (["77", "48 MB", "25 %", "500 ms", "12.5", "0", "5"], ["default", "77", "3", "1", "–", "–", "2"],
                ["default", "77", "75.0 %", "3", "1", "7", "2.05 kB"],
                ["far", "77", "–", "–", "–", "–", "–", "does not answer", "failed 4 times"]):  # fmt: skip
        assert any(cells[n : n + len(row)] == row for n in range(len(cells))), (row, cells)


# ---- who may see it, and what visitors may have written --------------------------------------------------------------


def test_a_function_that_is_async_is_waited_for(make: Callable[..., App]) -> None:
    """A coroutine is true, whatever it says in the end."""

    async def nobody(request: Any) -> bool:
        return False

    async def somebody(request: Any) -> bool:
        return bool(request.args.get("key") == "right")

    for path in ("", "requests", "flights", "workers", "viewer.js", "profile/export?name=x", "plan/a/b"):
        assert page(make(VIEWER_AUTHORIZE=nobody), path).status_code == 404
    app = make(VIEWER_AUTHORIZE=somebody)
    assert (page(app, "requests?key=wrong").status_code, page(app, "requests?key=right").status_code) == (404, 200)


def test_a_response_lets_nobody_in(make: Callable[..., App]) -> None:
    """As a function gives it that is made for views, and leads to the log-in."""
    app = make(VIEWER_AUTHORIZE=lambda request: redirect("/login"))
    assert page(app, "requests").status_code == 404


def test_what_cannot_be_asked_is_refused_at_once(make: Callable[..., App]) -> None:
    """Rather than at the first request for it."""
    with pytest.raises(ConfigError) as caught:
        make(VIEWER_AUTHORIZE="spruce.apm.viewer.PATH").test_client().get("/fine/1")
    assert str(caught.value) == (
        "VIEWER_AUTHORIZE is 'spruce.apm.viewer.PATH', which is no function. "
        "Give a function of the request, or its dotted name, that says who may see the viewer."
    )


def test_a_file_that_cannot_be_read_is_told(make: Callable[..., App], tmp_path: Path) -> None:
    """By a page that says why, and what to do; the app itself goes on."""
    app = make()
    (tmp_path / "viewer.db").write_bytes(b"no database at all " * 1000)
    answer = page(app, "requests")
    assert (answer.status_code, answer.mimetype) == (503, "text/plain")
    assert answer.text == (
        f"The viewer's file {tmp_path / 'viewer.db'} can't be read: file is not a database.\n"
        "Remove it, or name another one as VIEWER_FILE.\n"
    )
    assert app.test_client().get("/fine/1").text == "fine 1"


def test_what_is_asked_for_may_be_anything(make: Callable[..., App]) -> None:
    """Numbers of any length, and texts that are none."""
    app = make()
    app.test_client().get("/fine/1")
    for asked in ("before=" + "9" * 5000, "status=" + "1" * 5000, "slow=1e999", "slow=nan", "q=%ff'", "name=%ff"):
        assert page(app, f"requests?{asked}").status_code == 200, asked[:20]
    for path in ("routes?span=x&name=%ff", "profile?name=%ff&in=%ff", "flights", "plan/a/b/" + "9" * 5000):
        assert page(app, path).status_code in (200, 404), path[:20]
