"""The ported app answers every request as the one for Flask does, and the page of the docs shows what was changed."""

import difflib
import importlib.util
import re
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "examples" / "from_flask"
REQUESTS: list[tuple[str, str, dict[str, Any]]] = [
    ("GET", "/", {}),
    ("GET", "/books", {}),
    ("GET", "/books/", {}),
    ("GET", "/books/?q=panda", {}),
    ("GET", "/books/?page=2", {}),
    ("GET", "/books/?page=x", {}),
    ("HEAD", "/books/", {}),
    ("OPTIONS", "/books/", {}),
    ("PUT", "/books/", {}),
    ("GET", "/books/111111111X", {}),
    ("GET", "/books/9999999999", {}),
    ("GET", "/books/11111111", {}),
    ("POST", "/books/", {"data": {"isbn": "4444444444", "title": "<Tigers> & co", "year": "1999"}}),
    ("GET", "/books/4444444444", {}),
    ("POST", "/books/", {"data": {"isbn": "5555555555"}}),
    ("POST", "/books/", {"data": {"title": "no number"}}),
    ("GET", "/books/export.csv?mark=a", {}),
    ("GET", "/books/", {"headers": {"User-Agent": "a robot"}}),
    ("GET", "/api/books/4444444444", {}),
    ("DELETE", "/api/books/4444444444", {}),
    ("GET", "/api/books/4444444444", {}),
    ("PATCH", "/api/books/4444444444", {}),
    ("GET", "/nowhere", {}),
]
OWN_WORDS = (
    "The requested URL was not found on the server. If you entered the URL manually please check your spelling and try "
    "again.",
    "There is nothing at this URL. If you typed it, check the spelling.",
)
COMPARED = ("Content-Type", "Location", "X-Endpoint", "Allow", "Vary")


def answers(name: str, folder: Path) -> list[dict[str, Any]]:
    """Return what an app answers to each request, as far as it isn't a matter of taste."""
    spec = importlib.util.spec_from_file_location(name, FOLDER / f"{name}.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    app = module.create_app(str(folder / f"{name}.db"))
    with app.app_context():
        assert CliRunner().invoke(app.cli.commands["prepare"]).output == "prepared\n"
    client = app.test_client()
    for isbn, title in (("111111111X", "All about pandas"), ("2222222222", "Bears"), ("3333333333", "Cats")):
        client.post("/books/", data={"isbn": isbn, "title": title, "year": "2020"})
    return [shown(method, path, client.open(path, method=method, **options)) for method, path, options in REQUESTS]


def shown(method: str, path: str, response: Any) -> dict[str, Any]:
    headers: dict[str, Any] = {name: sorted(response.headers.get(name, "").split(", ")) for name in COMPARED}
    headers["Location"] = [one.removeprefix("http://localhost") for one in headers["Location"]]
    cookies = [re.sub("Expires=[^;]*; ", "", cookie) for cookie in response.headers.getlist("Set-Cookie")]
    headers["Set-Cookie"] = [cookie for cookie in cookies if not cookie.startswith("session=")]  # signed by each's own
    plain = 300 <= response.status_code < 400 or response.status_code in (400, 405)  # whose pages are each one's own
    is_json = response.mimetype == "application/json"
    body = None if plain else response.json if is_json else response.get_data(as_text=True)
    for words in OWN_WORDS:
        body = body.replace(words, "") if isinstance(body, str) else body
    return {"request": f"{method} {path}", "status": response.status_code, **headers, "body": body}


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_both_apps_answer_alike(tmp_path: Path) -> None:
    """Status, headers and bodies; only what the page of the docs names differs."""
    flask, spruce = answers("with_flask", tmp_path), answers("with_spruce", tmp_path)
    assert [(before, after) for before, after in zip(flask, spruce, strict=True) if before != after] == []


def test_the_page_shows_the_whole_difference() -> None:
    """As `diff` prints it."""
    before, after = (
        (FOLDER / f"{name}.py").read_text().splitlines(keepends=True)[2:] for name in ("with_flask", "with_spruce")
    )
    changed = [line.rstrip() for line in difflib.unified_diff(before, after, n=0) if line[:2] not in ("--", "++", "@@")]
    page = (ROOT / "docs" / "coming-from-flask.md").read_text("utf-8")
    block = page.partition("```diff\n")[2].partition("```")[0]
    assert block.splitlines() == changed
