"""OWASP ASVS 5.0: what a framework carries and no module alone; the numbers are in the names of the tests.

More of them are beside the modules that they are about: `git grep asvs_`.
"""

import ast
import gzip
import io
import json
import pickle
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from spruce import App, Request, Response, db, green, redirect, request, session, url_for
from spruce.cache import cache, caches
from spruce.errors import FieldError, ViewError
from spruce.storage import FileSystemStorage
from spruce.web import render_template, render_template_string, send_file, send_from_directory

SOURCE = Path(__file__).parent.parent / "src" / "spruce"
NAUGHTY = [
    "'; DROP TABLE asvs_item; --",
    '" OR ""="',
    "\\",
    "%",
    "_",
    "1); DELETE FROM asvs_item; --",
    "?",
    ":x",
    "$1",
    "%s",
]


class AsvsItem(db.Model):
    """Something for sale."""

    name = db.CharField(max_length=100)
    stock = db.IntegerField(default=0)
    secret = db.CharField(max_length=20, default="hidden")

    class Meta:
        """Its table."""

        db_table = "asvs_item"


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    (tmp_path / "templates").mkdir()
    (tmp_path / "static").mkdir()
    app = App(
        __name__,
        root_path=str(tmp_path),
        SECRET_KEY="a secret of some length, for tests only",
        DATABASES={"default": f"sqlite:///{tmp_path / 'app.db'}"},
        ALLOWED_HOSTS=["localhost"],
    )
    with app.app_context():
        db.create_all()
        yield app
        db.configure(DATABASES={})


def answer(app: App, view: Callable[..., Any], path: str = "/", **options: Any) -> Response:
    """What a view at /, or at the rule that its `rule` says, answers."""
    app.add_url_rule(getattr(view, "rule", "/"), "view", view, methods=["GET", "POST"])
    response: Response = app.test_client().open(path, **options)
    return response


def calls_of(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func)


def modules_that(is_it: Callable[[ast.Module], bool]) -> list[str]:
    """The modules of Spruce of whose syntax something is true."""
    found = [path for path in sorted(SOURCE.rglob("*.py")) if is_it(ast.parse(path.read_text()))]
    return [path.relative_to(SOURCE).as_posix() for path in found]


def imported(tree: ast.Module) -> set[str]:
    names = [alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names]
    return {*names, *(node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom))}


# V1: encoding and sanitisation


def test_paths_queries_and_forms_are_decoded_once_asvs_1_1_1(app: App) -> None:
    def view(name: str) -> dict[str, str]:
        return {"name": name, "q": request.args["q"], "field": request.form["field"], "cookie": request.cookies["c"]}

    view.rule = "/<path:name>"  # type: ignore[attr-defined]  # for `answer`
    found = answer(app, view, "/%2541?q=%2542", method="POST", data=b"field=%2543", headers={
        "Cookie": "c=%2544", "Content-Type": "application/x-www-form-urlencoded"})  # fmt: skip
    assert found.json == {"name": "%41", "q": "%42", "field": "%43", "cookie": "%2544"}


def test_urls_are_built_of_encoded_values_asvs_1_2_2(app: App) -> None:
    app.add_url_rule("/<name>", "shown", lambda name: name)
    with app.test_request_context("/"):
        url = url_for("shown", name="../a b?x#y", q="<&>\"'", _anchor='"><script>')
    assert url == "/..%2Fa%20b%3Fx%23y?q=%3C%26%3E%22%27#%22%3E%3Cscript%3E"


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", " JavaScript:x", "java\nscript:x", "data:text/html,x", "vbscript:x"]
)
def test_no_redirect_leads_to_a_program_asvs_1_2_2(app: App, url: str) -> None:
    response = answer(app, lambda: redirect(url))
    assert (response.status_code, response.headers.get("Location")) == (400, None)


def test_values_in_scripts_cannot_leave_them_asvs_1_2_3(app: App) -> None:
    value = "</script><!--<script>'\"&\u2028"
    found = answer(app, lambda: render_template_string("<script>let x = {{ x|tojson }}</script>", x=value)).text
    inside = found.removeprefix("<script>let x = ").removesuffix("</script>")
    assert not set("<>'&") & set(inside)
    assert json.loads(inside) == value


def test_json_is_no_page_asvs_1_2_3(app: App) -> None:
    response = answer(app, lambda: {"x": "<script>"})
    assert response.headers["Content-Type"] == "application/json"
    assert response.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("text", NAUGHTY)
def test_values_are_never_part_of_sql_asvs_1_2_4(app: App, text: str) -> None:
    item = AsvsItem.objects.create(name=text)
    AsvsItem.objects.create(name="other")
    found = [
        AsvsItem.objects.get(name=text),
        AsvsItem.objects.get(name__in=[text]),
        AsvsItem.objects.get(name__startswith=text),
        AsvsItem.objects.annotate(n=db.Value(text)).filter(name=db.F("n")).get(),
        AsvsItem.objects.get(pk=db.execute("SELECT id FROM asvs_item WHERE name = :name", {"name": text}).scalar()),
    ]
    assert found == [item] * 5
    assert AsvsItem.objects.count() == 2


@pytest.mark.parametrize("name", ["name; --", 'name" DESC; --', "name__x'y", "(SELECT 1)"])
def test_names_of_columns_are_no_sql_asvs_1_2_4(app: App, name: str) -> None:
    """Not even when a visitor chooses the order."""
    with pytest.raises(FieldError):
        list(AsvsItem.objects.order_by(name))
    with pytest.raises(FieldError):
        list(AsvsItem.objects.filter(**{name: 1}))
    with pytest.raises(FieldError):
        list(AsvsItem.objects.values(name))


def test_no_shell_is_asked_for_anything_asvs_1_2_5() -> None:
    def asks(tree: ast.Module) -> bool:
        shell = any(
            isinstance(node, ast.keyword) and node.arg == "shell" and getattr(node.value, "value", None) is True
            for node in ast.walk(tree)
        )
        return shell or bool({"os.system", "os.popen", "subprocess.getoutput"} & set(calls_of(tree)))

    assert modules_that(asks) == []


def test_texts_are_not_patterns_asvs_1_2_9(app: App) -> None:
    """In lookups, and in the fixed parts of routes."""
    for name in ("100%", "100x", "a_b", "axb"):
        AsvsItem.objects.create(name=name)
    assert [item.name for item in AsvsItem.objects.filter(name__contains="0%")] == ["100%"]
    assert [item.name for item in AsvsItem.objects.filter(name__icontains="A_B")] == ["a_b"]
    app.add_url_rule("/a.b+c/<name>", "dotted", lambda name: name)
    client = app.test_client()
    assert [client.get(path).status_code for path in ("/a.b+c/x", "/axb+c/x", "/a.bbc/x")] == [200, 404, 404]


def test_code_is_made_in_few_places_and_of_identifiers_asvs_1_3_2(app: App) -> None:
    """Those that generate functions are listed here; names from outside don't get into them."""
    makers = modules_that(lambda tree: bool({"eval", "exec", "compile"} & set(calls_of(tree))))
    assert makers == GENERATORS
    with pytest.raises(FieldError):
        AsvsItem.objects.annotate(**{"x=print('run')": db.Count("id")})
    for spoilt in ("__import__('os')", "x:=1"):
        with pytest.raises((FieldError, TypeError)):
            AsvsItem(**{spoilt: 1})


GENERATORS = ["db/loaders.py", "db/types.py", "web/parameters.py", "web/plan.py"]


def test_texts_of_visitors_are_no_templates_asvs_1_3_7(app: App) -> None:
    def view() -> str:
        return render_template_string("{{ x }} {{ x|upper }}", x=request.args["x"])

    assert answer(app, view, "/", query_string={"x": "{{ 7*7 }}"}).text == "{{ 7*7 }} {{ 7*7 }}"


@pytest.mark.parametrize("name", ["../secret.html", "/etc/passwd", "a/../../secret.html", "..\\secret.html"])
def test_a_templates_name_does_not_leave_the_folder_asvs_1_3_7(app: App, name: str, tmp_path: Path) -> None:
    (tmp_path / "secret.html").write_text("secret")
    response = answer(app, lambda: render_template(name))
    assert response.status_code == 500
    assert "secret</" not in response.text


def test_no_xml_is_read_asvs_1_5_1() -> None:
    assert modules_that(lambda tree: any(name.split(".")[0] in ("xml", "lxml") for name in imported(tree))) == []


def test_what_comes_from_outside_is_never_unpickled_asvs_1_5_2(app: App) -> None:
    """Pickles are for what this process, or by choice a cache, has written itself."""
    assert modules_that(lambda tree: bool({"pickle", "marshal", "shelve", "dill"} & imported(tree))) == PICKLERS
    bomb = pickle.dumps(Bomb())
    response = answer(app, lambda: str(session.get("x")), headers={"Cookie": f"session={bomb.hex()}"})
    assert (response.text, Bomb.exploded) == ("None", False)
    response = app.test_client().post("/", data=bomb, headers={"Content-Type": "application/x-python-pickle"})
    assert (response.text, Bomb.exploded) == ("None", False)


PICKLERS = ["cache/memory.py", "cache/serializers.py"]


class Bomb:
    """Something that does harm when it is unpickled."""

    exploded = False

    def __reduce__(self) -> Any:
        return setattr, (Bomb, "exploded", True)


# V4, V5: messages and files


def test_a_body_that_is_compressed_is_not_unpacked_asvs_5_2_3(app: App) -> None:
    """So that it can't become larger than what was counted."""
    packed = gzip.compress(b"0" * 10_000_000)
    response = answer(app, lambda: str(len(request.get_data())), method="POST", data=packed, headers={
        "Content-Encoding": "gzip"})  # fmt: skip
    assert response.text == str(len(packed))


def test_a_file_that_is_too_large_is_refused_asvs_5_2_1(app: App) -> None:
    app.config["MAX_CONTENT_LENGTH"] = 1000
    response = answer(
        app, lambda: str(len(request.files)), method="POST", data={"file": (io.BytesIO(b"x" * 2000), "large.bin")}
    )
    assert response.status_code == 413


def test_a_file_that_was_uploaded_is_never_run_asvs_5_3_1(app: App, tmp_path: Path) -> None:
    text = "<script>alert(1)</script>{{ 7*7 }}\nraise SystemExit"
    for name in ("page.html", "code.py", "page.jinja"):
        (tmp_path / name).write_text(text)
    app.add_url_rule(
        "/media/<path:name>", "media", lambda name: send_from_directory(tmp_path, name, as_attachment=True)
    )
    client = app.test_client()
    for name in ("page.html", "code.py", "page.jinja"):
        response = client.get(f"/media/{name}")
        assert response.text == text
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert response.headers["Content-Disposition"] == f'attachment; filename="{name}"'


@pytest.mark.parametrize("name", ["../../up.txt", "/etc/up.txt", "..\\up.txt", "C:\\up.txt", "up\0.txt", "..", ""])
def test_a_name_that_was_uploaded_stays_in_its_folder_asvs_5_4_1(name: str, tmp_path: Path) -> None:
    folder = tmp_path / "media"
    storage = FileSystemStorage(folder)
    try:
        kept = storage.save(name, io.BytesIO(b"x"))
    except (ValueError, OSError):
        kept = None
    assert [path for path in tmp_path.rglob("*") if path.is_file() and folder not in path.parents] == []
    assert kept is None or (folder / kept).resolve().is_relative_to(folder.resolve())


@pytest.mark.parametrize(
    ("name", "sent"),
    [
        ('a"b;\r\nX: y.txt', "attachment; filename=\"a_b;__X: y.txt\"; filename*=UTF-8''a%22b%3B%0D%0AX%3A%20y.txt"),
        ("../../etc/passwd", 'attachment; filename="passwd"'),
        ("..\\boot.ini", 'attachment; filename="boot.ini"'),
        ("文件.pdf", "attachment; filename=\"__.pdf\"; filename*=UTF-8''%E6%96%87%E4%BB%B6.pdf"),
    ],
)
def test_names_of_files_are_encoded_asvs_5_4_2(app: App, name: str, sent: str) -> None:
    response = answer(app, lambda: send_file(io.BytesIO(b"x"), download_name=name, as_attachment=True))
    assert response.headers["Content-Disposition"] == sent


# V13: configuration


def test_debug_mode_is_off_unless_asked_for_asvs_13_4_2(app: App) -> None:
    def view() -> str:
        raise RuntimeError("a secret of the program")

    assert app.debug is False
    assert "secret" not in answer(app, view).text


def test_folders_are_not_listed_asvs_13_4_3(app: App, tmp_path: Path) -> None:
    (tmp_path / "static" / "inner").mkdir()
    (tmp_path / "static" / "inner" / "a.txt").write_text("x")
    client = app.test_client()
    assert [client.get(path).status_code for path in ("/static/", "/static/inner", "/static/inner/")] == [404] * 3
    assert client.get("/static/inner/a.txt").status_code == 200


@pytest.mark.parametrize("method", ["TRACE", "TRACK", "CONNECT"])
def test_nothing_is_echoed_asvs_13_4_4(app: App, method: str) -> None:
    response = answer(app, lambda: "x", method=method, headers={"X-Secret": "never"})
    assert response.status_code == 405
    assert "never" not in response.text


def test_descriptions_of_an_api_can_be_turned_off_and_nothing_else_is_open_asvs_13_4_5(app: App) -> None:
    app.config.update(OPENAPI_URL="", DOCS_URL="")
    app.add_url_rule("/api/<int:number>", "api", lambda number: {"number": number})
    client = app.test_client()
    paths = [
        "/openapi.json",
        "/docs",
        "/metrics",
        "/health",
        "/status",
        "/_spruce/",
        "/_debug",
        "/admin",
        "/server-status",
    ]
    assert [path for path in paths if client.get(path).status_code != 404] == []


# V15, V16: code, errors and logs


def test_a_view_does_not_give_away_whole_rows_asvs_15_3_1(app: App) -> None:
    """A model is no JSON; what is answered is chosen."""
    AsvsItem.objects.create(name="x")

    def rows() -> Any:
        return AsvsItem.objects.get()

    app.testing = True
    with pytest.raises(ViewError):
        answer(app, rows)


@dataclass
class Wanted:
    """What a visitor may write."""

    name: str


def test_only_declared_fields_are_written_asvs_15_3_3(app: App) -> None:
    def view(wanted: Wanted) -> dict[str, Any]:
        item = AsvsItem.objects.create(**vars(wanted))
        return {"stock": item.stock, "secret": item.secret}

    found = answer(
        app, view, method="POST", json={"name": "x", "stock": 99, "secret": "mine", "id": 77, "__class__": "y"}
    )
    assert found.status_code in (200, 422)
    assert list(AsvsItem.objects.exclude(stock=0)) == list(AsvsItem.objects.exclude(secret="hidden")) == []


def test_checks_and_what_follows_are_one_step_asvs_15_4_2(app: App) -> None:
    """Of many who want the last one, one gets it."""
    item = AsvsItem.objects.create(name="last", stock=1)

    def buy() -> int:
        return AsvsItem.objects.filter(pk=item.pk, stock__gte=1).update(stock=db.F("stock") - 1)

    def main() -> list[int]:
        threads = [green.spawn(buy) for _ in range(20)]
        return [thread.wait() for thread in threads]

    assert sum(green.run(main)) == 1
    item.refresh_from_db()
    assert item.stock == 0


def test_nothing_of_the_program_is_told_when_it_fails_asvs_16_5_1(app: App) -> None:
    def view() -> str:
        password = "hunter2"
        raise RuntimeError(f"cannot log in with {password} at {__file__}")

    app.add_url_rule("/fails", "fails", view)
    for accept in ("text/html", "application/json"):
        response = app.test_client().get("/fails", headers={"Accept": accept})
        assert response.status_code == 500
        assert not any(word in response.text for word in ("hunter2", "Traceback", "RuntimeError", "test_asvs"))


def test_what_cannot_be_reached_costs_that_part_alone_asvs_16_5_2(app: App) -> None:
    app.config["CACHES"] = {"default": "redis://127.0.0.1:1/0"}

    def view() -> str:
        return str(cache.get_or_set("key", lambda: "made"))

    assert [answer(app, view).text, app.test_client().get("/").text] == ["made", "made"]
    caches.close_all()


@pytest.mark.parametrize("place", ["view", "middleware", "handler of errors", "hook behind"])
def test_no_exception_is_left_to_nobody_asvs_16_5_4(app: App, place: str) -> None:
    def fail(*_: object) -> Any:
        raise KeyError(place)

    if place == "middleware":

        def middleware(get_response: Callable[[Request], Response]) -> Callable[[Request], Response]:
            return fail

        app.config["MIDDLEWARE"] = [middleware]
    elif place == "handler of errors":
        app.register_error_handler(KeyError, fail)
    elif place == "hook behind":
        app.after_request(fail)
    response = answer(app, (lambda: "fine") if place == "hook behind" else fail)
    assert response.status_code == 500
    assert place not in response.text


ITEMS = """
1.1.1 1.2.1 1.2.2 1.2.3 1.2.4 1.2.5 1.2.9 1.3.2 1.3.6 1.3.7 1.3.9 1.3.11 1.5.1 1.5.2
3.2.1 3.3.1 3.3.2 3.3.3 3.3.4 3.4.1 3.4.2 3.4.3 3.4.4 3.4.5 3.4.6 3.5.1 3.5.2 3.5.3 3.7.2
4.1.1 4.1.3 4.2.1 4.2.2 4.4.2 5.2.1 5.2.3 5.3.1 5.3.2 5.4.1 5.4.2
6.2.1 6.2.3 6.2.4 6.2.5 6.2.8 6.2.9 6.3.1 6.3.2 6.3.8
7.2.1 7.2.2 7.2.3 7.2.4 7.3.1 7.3.2 7.4.1 7.4.2 7.4.3 7.4.5
8.2.1 8.2.2 8.2.3 8.3.1 11.4.1 11.4.2 11.5.1 13.4.1 13.4.2 13.4.3 13.4.4 13.4.5
15.2.2 15.3.1 15.3.3 15.3.4 15.3.7 15.4.2 16.3.1 16.3.2 16.4.1 16.5.1 16.5.2 16.5.3 16.5.4
"""
"""The items that a framework carries."""


def test_each_item_has_a_test_with_its_number() -> None:
    texts = (path.read_text("utf-8") for path in Path(__file__).parent.rglob("test_*.py"))
    names = [name for text in texts for name in re.findall(r"def test_\w*?asvs_(\w+)", text)]
    numbered = [re.findall(r"\d+", name) for name in names]
    tested = {".".join(digits[n : n + 3]) for digits in numbered for n in range(len(digits) - 2)}
    items = ITEMS.split()
    assert len(items) == 84
    assert [item for item in items if item not in tested] == []
