"""Lists of attacks on an app as it comes: redirects, paths out of a folder, headers, hosts. None gets through."""

from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urljoin, urlsplit

import pytest

from spruce import App, Request, Response, redirect, request, send_file, url_for
from spruce.web import send_from_directory

SECRET = "nobody may read this"

ELSEWHERE = [
    "//evil.example",
    "///evil.example",
    "////evil.example/",
    "/\\evil.example",
    "\\\\evil.example",
    "/%5cevil.example",
    "/%2f/evil.example",
    "//evil.example/%2e%2e",
    "//evil.example@shop.example",
    "//evil.example%00.shop.example",
    "/.//evil.example",
    "//%0d%0aevil.example",
    "/\t/evil.example",
    "//evil。example",
    "//[::1]/",
    "//evil.example:80/",
]


@pytest.fixture
def app(tmp_path: Path) -> App:
    """An app with routes that redirect for slashes, files, and a view that sets what it is told."""
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "open.txt").write_text("open")
    (tmp_path / "files-secret").mkdir()
    (tmp_path / "files-secret" / "key.txt").write_text(SECRET)
    (tmp_path / "secret.txt").write_text(SECRET)
    app = App(__name__, root_path=str(tmp_path), static_folder="files", static_url_path="/static")

    @app.get("/<path:anything>/")
    def anything(anything: str) -> str:
        return anything

    @app.get("/old/<path:rest>", redirect_to="/new/<path:rest>")
    def old(rest: str) -> str:
        return rest

    @app.get("/files/<path:name>")
    def files(name: str) -> Response:
        return send_from_directory(tmp_path / "files", name)

    @app.get("/download")
    def download(name: str) -> Response:
        return send_file(tmp_path / "files" / "open.txt", as_attachment=True, download_name=name)

    @app.get("/set")
    def set_value(value: str, name: str = "X-Value") -> Any:
        return "", {name: value}

    @app.get("/cookie")
    def cookie(value: str) -> Response:
        response = Response()
        response.set_cookie("a", value)
        return response

    @app.get("/go")
    def go(to: str) -> Response:
        return redirect(to)

    @app.get("/link")
    def link() -> str:
        return url_for("files", name=request.args["name"])

    return app


def ask(app: App, target: str, *headers: tuple[str, str]) -> Response:
    """Ask for a target as it stands, with nothing made sound of it."""
    fields = [(b"host", b"shop.example"), *((name.encode(), value.encode("latin-1")) for name, value in headers)]
    return app.handle(Request("GET", quote(target, safe="%/?&=\\:@[]\t.#+~"), fields))


@pytest.mark.parametrize("path", ELSEWHERE)
def test_no_redirect_of_the_router_leads_elsewhere(app: App, path: str) -> None:
    """Where a slash is added, or a rule has moved."""
    for target in (path, f"{path}/x", f"/old/{path}", f"/old{path}"):
        response = ask(app, target)
        if response.location is not None:
            goal = urlsplit(urljoin("http://shop.example/here", response.location.replace("\\", "/")))
            assert (goal.scheme, goal.netloc) == ("http", "shop.example"), (target, response.location)


@pytest.mark.parametrize(
    "name",
    [
        "../secret.txt",
        "..%2fsecret.txt",
        "%2e%2e/secret.txt",
        "%2e%2e%2fsecret.txt",
        "..%5csecret.txt",
        "..\\secret.txt",
        "....//secret.txt",
        "..;/secret.txt",
        "./../secret.txt",
        "a/../../secret.txt",
        "/../secret.txt",
        "//secret.txt",
        "%00../secret.txt",
        "open.txt%00",
        "open.txt/../../secret.txt",
        "..%c0%afsecret.txt",
        "%252e%252e%252fsecret.txt",
        "..%252fsecret.txt",
        "../files-secret/key.txt",
        "../FILES/../secret.txt",
        "C:/secret.txt",
        "~/secret.txt",
        "file:///etc/passwd",
        "/etc/passwd",
        "%2fetc%2fpasswd",
        "../../../../../../../../etc/passwd",
        "",
        ".",
        "..",
    ],
)
def test_no_path_leads_out_of_a_folder_asvs_5_3_2(app: App, name: str) -> None:
    """By a view, and below /static."""
    for folder in ("/files/", "/static/"):
        response = ask(app, f"{folder}{name}")
        assert response.status_code != 500
        assert SECRET not in response.text
        assert "root:" not in response.text


INJECTIONS = ["a\r\nX-Evil: 1", "a\nX-Evil: 1", "a\rX-Evil: 1", "a\r\n\r\n<script>", "a\0b", "\r\nSet-Cookie: a=b"]


@pytest.mark.parametrize("text", INJECTIONS)
def test_no_text_writes_headers_of_its_own_asvs_1_2_1(app: App, text: str, caplog: pytest.LogCaptureFixture) -> None:
    """A value with a line break is refused where it is set; in a location or a file name it is encoded."""
    app.testing = False
    for view in ("set", "cookie", "go", "download"):
        response = app.test_client().get(f"/{view}", query_string={"value": text, "to": text, "name": text})
        names = [name.lower() for name, _ in response.header_list()]
        assert "x-evil" not in names
        assert all(set("\r\n\0").isdisjoint(value) for _, value in response.header_list())
        assert [value for name, value in response.header_list() if name == "Set-Cookie" and value == "a=b"] == []


@pytest.mark.parametrize("name", ["a b", "a:b", "a\r\nb", "", "é"])
def test_no_name_of_a_header_does_either(app: App, name: str) -> None:
    app.testing = False
    response = app.test_client().get("/set", query_string={"value": "x", "name": name})
    assert response.status_code == 500
    assert all(name != found for found, _ in response.header_list())


@pytest.mark.parametrize("name", ["../secret.txt", "//evil.example", "\r\nx", "<script>", "?x#y"])
def test_a_url_that_is_built_stays_on_its_rule(app: App, name: str) -> None:
    url = app.test_client().get("/link", query_string={"name": name}).text
    assert url.startswith("/files/")
    assert unquote(urlsplit(url).path) == f"/files/{name}"
    assert "\r" not in url


@pytest.mark.parametrize("header", ["X-Forwarded-Host", "X-Host", "X-Original-URL", "X-Rewrite-URL", "Forwarded"])
def test_no_header_but_host_names_the_host_asvs_4_1_3(header: str) -> None:
    """Of no proxy that is trusted: what a client writes there is nothing."""
    app = App(__name__, ALLOWED_HOSTS=["shop.example"], static_folder=None)
    app.add_url_rule("/", "index", lambda: url_for("index", _external=True))
    response = ask(app, "/", (header, "evil.example"), (header, "host=evil.example"))
    assert response.text == "http://shop.example/"


PAGE = "<script>alert(1)</script>"


@pytest.mark.parametrize(
    ("result", "kind"),
    [
        ("page", "text/html; charset=utf-8"),
        ({"a": PAGE}, "application/json"),
        ([PAGE], "application/json"),
        ((PAGE, 200, {"Content-Type": "text/plain; charset=utf-8"}), "text/plain; charset=utf-8"),
        ((part for part in ("a", "b")), "text/html; charset=utf-8"),
    ],
)
def test_each_response_says_what_it_is_and_browsers_believe_it_asvs_3_2_1_4_1_1(result: Any, kind: str) -> None:
    """With the charset of its texts; what is no page is not shown as one."""
    app = App(__name__, static_folder=None)
    app.add_url_rule("/", "index", lambda: result)
    headers = app.test_client().get("/").headers
    assert (headers["Content-Type"], headers["X-Content-Type-Options"]) == (kind, "nosniff")


def test_an_error_says_what_it_is_too_asvs_4_1_1() -> None:
    app = App(__name__, static_folder=None)
    app.add_url_rule("/boom", "boom", lambda: 1 / 0)
    for path in ("/nowhere", "/boom"):
        assert app.test_client().get(path).headers["Content-Type"] == "text/html; charset=utf-8"


def test_of_a_parameter_that_comes_twice_the_first_counts_asvs_15_3_7() -> None:
    """The same for all that read it, so that nobody checks another value than is used."""
    app = App(__name__, static_folder=None)

    @app.post("/<int:number>")
    def view(number: int, page: int = 1) -> dict[str, Any]:
        return {"page": page, "args": request.args["page"], "form": request.form["page"], "number": number}

    answer = app.test_client().post("/7?page=1&page=2&number=8", data={"page": ["3", "4"], "number": "9"})
    assert answer.json == {"page": 1, "args": "1", "form": "3", "number": 7}


@pytest.mark.parametrize("name", [".git/config", ".env", ".htpasswd", "sub/.git/HEAD", "%2eenv"])
def test_hidden_files_are_not_served_asvs_13_4_1(app: App, name: str) -> None:
    folder = Path(app.root_path) / "files"
    for hidden in (".git/config", ".env", ".htpasswd", "sub/.git/HEAD"):
        (folder / hidden).parent.mkdir(parents=True, exist_ok=True)
        (folder / hidden).write_text(SECRET)
    assert SECRET not in ask(app, f"/static/{name}").text
