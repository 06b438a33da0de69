"""ATOMIC_REQUESTS: what a view has written is kept when it returns, and undone when it raises."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from spruce import App, db
from spruce.http import Request, Response
from spruce.web import MethodView, abort
from spruce.web.atomicity import aliases_for


class Mark(db.Model):
    name = db.CharField(max_length=20)

    class Meta:
        db_table = "t_web_mark"


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Any]:
    """Makes an app with a table of marks."""
    apps: list[App] = []

    def make(**settings: Any) -> App:
        databases = {"default": f"sqlite:///{tmp_path}/a.db", "other": f"sqlite:///{tmp_path}/b.db"}
        app = App(__name__, DATABASES=databases, DEFAULT_MIDDLEWARE=[], **settings)
        apps.append(app)
        with app.app_context():
            db.create_all(models=[Mark])
            db.create_all("other", models=[Mark])
        return app

    yield make
    for app in apps:
        with app.app_context():
            db.configure(DATABASES={})


def names(app: App, using: str = "default") -> list[str]:
    with app.app_context():
        return [mark.name for mark in Mark.objects.using(using).order_by("pk")]


def inside(using: str = "default") -> bool:
    """Whether a transaction is open here."""
    return db.transactions.opened(db.databases.current()[using]) is not None


def views(app: App) -> App:
    """Views that write, and then return or fail."""

    @app.get("/kept")
    def kept() -> str:
        Mark.objects.create(name="kept")
        return str(inside())

    @app.get("/failed")
    def failed() -> str:
        Mark.objects.create(name="failed")
        raise LookupError

    @app.get("/refused")
    def refused() -> str:
        Mark.objects.create(name="refused")
        abort(404)

    @app.get("/answered")
    def answered() -> Response:
        Mark.objects.create(name="answered")
        return Response("no", 500)

    @app.get("/undone")
    def undone() -> str:
        Mark.objects.create(name="undone")
        db.set_rollback()
        return "fine"

    @app.errorhandler(LookupError)
    def explain(error: Exception) -> tuple[str, int]:
        Mark.objects.create(name=f"handler {inside()}")
        return "explained", 400

    return app


def test_what_raises_is_undone_though_a_handler_answers(make: Any) -> None:
    """A status alone undoes nothing, as in Django; db.set_rollback() does."""
    app = views(make(ATOMIC_REQUESTS=True))
    client = app.test_client()
    answers = [client.get(f"/{name}") for name in ("kept", "failed", "refused", "answered", "undone")]
    assert [answer.status_code for answer in answers] == [200, 400, 404, 500, 200]
    assert answers[0].text == "True"
    assert names(app) == ["kept", "handler False", "answered"]


def test_without_the_setting_nothing_is_undone(make: Any) -> None:
    """Each statement stands for itself."""
    app = views(make())
    assert app.test_client().get("/kept").text == "False"
    assert app.test_client().get("/failed").status_code == 400
    assert names(app) == ["kept", "failed", "handler False"]


@pytest.mark.parametrize("aliases", [("other",), ("default", "other")])
def test_aliases_say_which_databases(make: Any, aliases: tuple[str, ...]) -> None:
    """Each has a transaction of its own, and all are undone."""
    app = make(ATOMIC_REQUESTS=list(aliases))

    @app.get("/")
    def view() -> str:
        for alias in ("default", "other"):
            Mark.objects.using(alias).create(name="a")
        abort(400)

    app.test_client().get("/")
    assert [names(app, alias) == [] for alias in ("default", "other")] == [
        alias in aliases for alias in ("default", "other")
    ]


def test_a_stream_is_outside(make: Any) -> None:
    """It is sent when the view has long returned."""
    app = make(ATOMIC_REQUESTS=True)

    @app.get("/")
    def view() -> Iterator[str]:
        Mark.objects.create(name="view")

        def parts() -> Iterator[str]:
            Mark.objects.create(name="stream")
            yield str(inside())
            raise LookupError

        return parts()

    with pytest.raises(LookupError):
        _ = app.test_client().get("/").text
    assert names(app) == ["view", "stream"]


def test_middleware_is_outside(make: Any) -> None:
    """What it writes stays, whatever the view does."""

    def writing(handler: Any) -> Any:
        def middleware(request: Request) -> Response:
            Mark.objects.create(name=f"before {inside()}")
            response: Response = handler(request)
            Mark.objects.create(name=f"after {inside()}")
            return response

        return middleware

    app = views(make(ATOMIC_REQUESTS=True, MIDDLEWARE=[writing]))
    app.test_client().get("/refused")
    assert names(app) == ["before False", "after False"]


@pytest.mark.parametrize("kind", ["async", "thread", "class"])
def test_views_of_each_kind(make: Any, kind: str) -> None:
    """One that is awaited, one in a thread of the operating system, and a class."""
    app = make(ATOMIC_REQUESTS=True)

    def write() -> str:
        Mark.objects.create(name=kind)
        assert inside()
        raise LookupError

    if kind == "async":

        @app.get("/")
        async def view() -> str:
            return write()

    elif kind == "thread":
        app.get("/", thread=True)(write)
    else:

        class View(MethodView):
            def get(self) -> str:
                return write()

        app.add_url_rule("/", view_func=View.as_view("view"))
    assert app.test_client().get("/").status_code == 500
    assert names(app) == []


def test_views_are_left_out(make: Any) -> None:
    """For one database or all; static files and WebSockets always are."""
    app = make(ATOMIC_REQUESTS=["default", "other"])

    @app.get("/none")
    @db.non_atomic_requests
    def none() -> str:
        return f"{inside()} {inside('other')}"

    @app.get("/one")
    @db.non_atomic_requests("other")
    def one() -> str:
        return f"{inside()} {inside('other')}"

    @app.websocket("/talk")
    def talk(ws: Any) -> None: ...

    client = app.test_client()
    assert (client.get("/none").text, client.get("/one").text) == ("False False", "True False")
    assert aliases_for(app.view_functions["talk"], app.config) == ()
    assert aliases_for(app.view_functions["static"], app.config) == ()
    assert aliases_for(app.view_functions["one"], app.config) == ("default",)
