"""Pages in the cache: what is kept, for whom, and what isn't."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from spruce import db, green
from spruce.cache import caches
from spruce.middleware.pagecache import (
    CacheMiddleware,
    cache_control,
    cache_page,
    never_cache,
    vary_on_cookie,
    vary_on_headers,
)
from spruce.web import App, Response, make_response, render_template_string, request, session

View = Callable[..., Any]


@pytest.fixture
def app() -> Iterator[App]:
    app = App(__name__, SECRET_KEY="a secret of some length, for tests only", TESTING=True)
    with app.app_context():
        yield app


class Page:
    """A view at / whose calls are counted; `answer` makes the response of the n-th."""

    def __init__(self, app: App, answer: View, timeout: float = 60, **options: Any) -> None:
        self.calls = 0
        self.client = app.test_client()

        @app.get("/")
        @cache_page(timeout, **options)
        def page() -> Any:
            self.calls += 1
            return answer(self.calls)

    def texts(self, count: int = 2, **options: Any) -> list[str]:
        """What that many requests are answered."""
        return [self.client.get("/", **options).text for _ in range(count)]


def test_a_page_is_made_once_and_says_how_long_it_holds(app: App) -> None:
    page = Page(app, lambda number: f"page {number}")
    first, second = page.client.get("/"), page.client.get("/")
    assert (first.text, second.text) == ("page 1", "page 1")
    assert second.headers["Cache-Control"] == "max-age=60"
    assert second.headers["Expires"] == first.headers["Expires"]
    assert second.headers["Age"] == "0"
    assert second.headers["Content-Type"] == "text/html; charset=utf-8"
    assert page.client.get("/", headers={"If-None-Match": second.headers["ETag"]}).status_code == 304
    assert page.calls == 1


def test_urls_and_queries_are_pages_of_their_own(app: App) -> None:
    page = Page(app, lambda number: f"page {number}")
    assert page.client.get("/?a=1").text == "page 1"
    assert page.client.get("/?a=2").text == "page 2"
    assert page.client.get("/?a=1", headers={"Host": "other.example"}).text == "page 3"


def test_head_takes_what_get_has_kept_and_keeps_nothing(app: App) -> None:
    page = Page(app, lambda number: f"page {number}")
    assert page.client.head("/").headers["Content-Length"] == "6"
    assert page.calls == 1
    assert page.texts() == ["page 2"] * 2
    assert page.client.head("/").headers["ETag"] == page.client.get("/").headers["ETag"]
    assert page.calls == 2


def test_the_headers_that_vary_names_decide(app: App) -> None:
    def answer(number: int) -> Response:
        response = make_response(f"{request.headers.get('X-Kind')} {number}")
        response.vary.add("X-Kind")
        return response

    page = Page(app, answer)
    assert page.texts(headers={"X-Kind": "a"}) == ["a 1"] * 2
    assert page.texts(headers={"X-Kind": "b"}) == ["b 2"] * 2
    assert page.texts(headers={"X-Kind": "a"}) == ["a 1"] * 2
    assert page.texts() == ["None 3"] * 2


def test_a_page_that_varies_otherwise_at_another_time_is_still_right(app: App) -> None:
    def answer(number: int) -> Response:
        kind = request.headers.get("X-Kind")
        response = make_response(f"{kind} {request.headers.get('X-Other') if kind == 'b' else ''}")
        response.vary.add("X-Kind")
        if kind == "b":
            response.vary.add("X-Other")
        return response

    page = Page(app, answer)
    assert page.texts(headers={"X-Kind": "a"}) == ["a "] * 2
    assert page.texts(headers={"X-Kind": "b", "X-Other": "1"}) == ["b 1"] * 2
    assert page.texts(headers={"X-Kind": "b", "X-Other": "2"}) == ["b 2"] * 2
    assert page.texts(headers={"X-Kind": "a"}) == ["a "] * 2


@pytest.mark.parametrize(
    "answer",
    [
        lambda number: (str(number), 404),
        lambda number: (str(number), 200, {"Cache-Control": "private"}),
        lambda number: (str(number), 200, {"Cache-Control": "no-store"}),
        lambda number: (str(number), 200, {"Cache-Control": "no-cache"}),
        lambda number: (str(number), 200, {"Cache-Control": "max-age=0"}),
        lambda number: (str(number), 200, {"Set-Cookie": "a=b"}),
        lambda number: (str(number), 200, {"Vary": "*"}),
        lambda number: iter([str(number)]),
    ],
    ids=["404", "private", "no-store", "no-cache", "max-age=0", "Set-Cookie", "Vary: *", "stream"],
)
def test_what_is_not_for_all_is_not_kept(app: App, answer: View) -> None:
    page = Page(app, answer)
    assert page.texts(3) == ["1", "2", "3"]


def test_only_get_is_kept(app: App) -> None:
    calls = []

    @app.route("/", methods=["GET", "POST"])
    @cache_page(60)
    def page() -> str:
        calls.append(request.method)
        return str(len(calls))

    client = app.test_client()
    assert [client.post("/").text, client.post("/").text, client.get("/").text, client.get("/").text] == list("1233")


def test_a_part_that_was_asked_for_is_not_kept(app: App) -> None:
    page = Page(app, lambda number: f"page {number}")
    page.client.get("/", headers={"Range": "bytes=0-1"})
    assert page.texts(1) == ["page 2"]


def test_who_gives_credentials_gets_a_page_of_his_own_unless_it_is_public(app: App) -> None:
    page = Page(app, lambda number: f"page {number}")
    assert page.texts(headers={"Authorization": "Basic eDp5"}) == ["page 1", "page 2"]
    public = App("public", TESTING=True)
    with public.app_context():
        page = Page(public, lambda number: (f"page {number}", 200, {"Cache-Control": "public"}))
        assert page.texts(headers={"Authorization": "Basic eDp5"}) == ["page 1"] * 2


def test_a_session_that_is_looked_into_makes_the_page_depend_on_the_cookie(app: App) -> None:
    page = Page(app, lambda number: f"{session.get('name')} {number}")

    @app.get("/login/<name>")
    def login(name: str) -> str:
        session["name"] = name
        return "in"

    assert page.texts() == ["None 1"] * 2
    page.client.get("/login/Ann")
    assert page.texts() == ["Ann 2"] * 2
    page.client.get("/login/Bob")
    assert page.texts() == ["Bob 3"] * 2


def test_a_page_that_changes_the_session_is_not_kept(app: App) -> None:
    def answer(number: int) -> str:
        session["seen"] = number
        return str(number)

    assert Page(app, answer).texts() == ["1", "2"]


@pytest.mark.parametrize("template", ["{{ csp_nonce() }}", "{% csrf_token %}{{ number }}"])
def test_a_page_with_a_token_or_nonce_is_not_kept(template: str) -> None:
    app = App(__name__, SECRET_KEY="a secret of some length, for tests only", TESTING=True, CSRF_MODE="token")
    with app.app_context():
        page = Page(app, lambda number: render_template_string(template, number=number))
        one, other = page.texts()
    assert one != other


def test_languages_have_pages_of_their_own(app: App) -> None:
    from spruce.i18n import override

    page = Page(app, lambda number: f"page {number}")
    with override("de"):
        assert page.texts() == ["page 1"] * 2
    assert page.texts() == ["page 2"] * 2


def test_many_that_ask_at_once_have_the_page_made_once(app: App) -> None:
    def answer(number: int) -> str:
        green.sleep(0.01)
        return f"page {number}"

    page = Page(app, answer)
    texts = green.gather(*[lambda: page.client.get("/").text] * 20)
    assert texts == ["page 1"] * 20


def test_those_who_waited_for_a_page_that_is_not_for_all_get_their_own(app: App) -> None:
    def answer(number: int) -> tuple[str, int, dict[str, str]]:
        green.sleep(0.01)
        return f"{request.headers['X-User']}", 200, {"Cache-Control": "private"}

    page = Page(app, answer)

    def ask(user: str) -> str:
        return page.client.get("/", headers={"X-User": user}).text

    users = [str(number) for number in range(10)]
    assert green.gather(*[lambda user=user: ask(user) for user in users]) == users


def test_tags_take_pages_away(app: App) -> None:
    page = Page(app, lambda number: f"page {number}", tags=["home"])
    assert page.texts() == ["page 1"] * 2
    caches["default"].invalidate_tags("home")
    assert page.texts() == ["page 2"] * 2


def test_the_middleware_keeps_all_pages_for_as_long_as_they_say(app: App) -> None:
    app.config.update(MIDDLEWARE=[CacheMiddleware], CACHE_MIDDLEWARE_SECONDS=100, CACHE_MIDDLEWARE_KEY_PREFIX="site")
    calls = []

    @app.get("/<kind>")
    def page(kind: str) -> Any:
        calls.append(kind)
        return kind, 200, {"Cache-Control": "max-age=7"} if kind == "own" else {}

    client = app.test_client()
    for kind in ("own", "plain"):
        assert [client.get(f"/{kind}").text for _ in range(3)] == [kind] * 3
    assert calls == ["own", "plain"]
    assert client.get("/own").headers["Cache-Control"] == "max-age=7"
    assert client.get("/plain").headers["Cache-Control"] == "max-age=100"
    ages = {key: caches["default"].ttl(key) for key in caches["default"].keys("*own*")}
    assert [0 < (age or 0) <= 7 for age in ages.values()] == [True]


def test_decorators_say_what_others_may_keep(app: App) -> None:
    @app.get("/control")
    @cache_control(public=True, max_age=3600)
    def control() -> str:
        return "x"

    @app.get("/never")
    @never_cache
    def never() -> str:
        return "x"

    @app.get("/vary")
    @vary_on_cookie
    @vary_on_headers("Accept-Language", "X-Kind")
    def vary() -> str:
        return "x"

    client = app.test_client()
    assert client.get("/control").headers["Cache-Control"] == "public, max-age=3600"
    assert client.get("/never").headers["Cache-Control"] == ("max-age=0, no-cache, no-store, must-revalidate, private")
    assert client.get("/vary").headers["Vary"] == "Accept-Language, X-Kind, Cookie"


class Note(db.Model):
    """What pages show."""

    text = db.CharField(max_length=20)


@pytest.fixture
def notes(tmp_path: Path) -> Iterator[App]:
    app = App(__name__, TESTING=True, DATABASES={"default": f"sqlite:///{tmp_path / 'app.db'}"})
    with app.app_context():
        db.create_all()
        yield app
        db.configure(DATABASES={})


def test_a_page_that_depends_on_the_database_is_dropped_by_a_commit(notes: App) -> None:
    """Browsers may not keep it without asking, and are told when it has not changed."""
    page = Page(notes, lambda number: ",".join(note.text for note in Note.objects.order_by("id")), depends="auto")
    assert page.texts() == ["", ""]
    Note.objects.create(text="new")
    assert [*page.texts(), page.calls] == ["new", "new", 2]
    response = page.client.get("/")
    assert response.headers["Cache-Control"] == "max-age=0, must-revalidate"
    again = page.client.get("/", headers={"If-None-Match": response.headers["ETag"]})
    assert [again.status_code, page.calls] == [304, 2]
    Note.objects.all().delete()
    again = page.client.get("/", headers={"If-None-Match": response.headers["ETag"]})
    assert [again.status_code, again.text] == [200, ""]


def test_a_page_that_varies_depends_on_the_database_for_everybody(notes: App) -> None:
    def answer(number: int) -> Response:
        response = make_response(f"{Note.objects.count()} {request.headers.get('X-Kind')}")
        response.vary.add("X-Kind")
        return response

    page = Page(notes, answer, depends="auto")
    kinds = [{"X-Kind": kind} for kind in "ab"]
    assert [page.client.get("/", headers=kind).text for kind in kinds * 2] == ["0 a", "0 b", "0 a", "0 b"]
    assert page.calls == 2
    Note.objects.create(text="new")
    assert [page.client.get("/", headers=kind).text for kind in kinds * 2] == ["1 a", "1 b", "1 a", "1 b"]
    assert page.calls == 4


def test_a_part_of_a_template_may_depend_on_the_database(notes: App) -> None:
    text = (
        '{% cache 60 "notes" depends %}{{ notes() }}{% endcache %} '
        '{% cache 60 "x" depends using="default" %}y{% endcache %}'
    )

    def show() -> str:
        with notes.test_request_context("/"):
            return render_template_string(text, notes=lambda: calls.append(1) or Note.objects.count())  # type: ignore[func-returns-value]  # append, on purpose

    calls: list[int] = []
    assert [show(), show(), len(calls)] == ["0 y", "0 y", 1]
    Note.objects.create(text="new")
    assert [show(), show(), len(calls)] == ["1 y", "1 y", 2]


def test_a_variable_of_that_name_is_one_still(app: App) -> None:
    text = '{% cache 60 "notes" depends other %}{{ depends }}{% endcache %}'
    with app.test_request_context("/"):
        assert [render_template_string(text, depends=each, other=1) for each in "ab"] == ["a", "b"]
