"""`spruce routes`: the table, its orders, and apps whose routes are not ours."""

from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

from click.testing import CliRunner

from spruce.cli.main import main

Write = Callable[..., Path]

SHOP = """
from spruce import App
app = App(__name__, static_folder=None)

@app.get("/")
def index(): return ""

@app.route("/orders/<int:number>", methods=["GET", "POST"])
def order(number): return ""

@app.delete("/baskets")
def empty(): return ""
"""


def lines(*arguments: str) -> list[str]:
    result = CliRunner().invoke(main, ["routes", *arguments])
    assert result.exit_code == 0, result.output
    return result.output.splitlines()


def test_routes_are_listed_in_the_order_of_adding(write: Write) -> None:
    """Each with path, methods and endpoint, in columns; HEAD and OPTIONS go without saying."""
    write("shop.py", SHOP)
    assert (
        lines("shop.py")
        == dedent(
            """\
        Path                  Methods    Endpoint
        /                     GET        index
        /orders/<int:number>  GET, POST  order
        /baskets              DELETE     empty"""
        ).splitlines()
    )


def test_routes_are_sorted(write: Write) -> None:
    """By path or by endpoint."""
    write("shop.py", SHOP)
    assert [line.split()[0] for line in lines("shop.py", "--sort", "path")[1:]] == [
        "/",
        "/baskets",
        "/orders/<int:number>",
    ]
    assert [line.split()[-1] for line in lines("shop.py", "--sort", "endpoint")[1:]] == ["empty", "index", "order"]


def test_all_methods_are_listed_when_asked_for(write: Write) -> None:
    """HEAD and OPTIONS are what the app answers by itself."""
    write("shop.py", SHOP)
    assert lines("shop.py", "--all-methods")[1] == "/                     GET, HEAD, OPTIONS        index"


def test_routes_of_another_framework_cannot_be_listed(write: Write) -> None:
    """A WSGI app keeps its routes to itself."""
    write("plain.py", "def app(environ, start_response): ...\n")
    result = CliRunner().invoke(main, ["routes", "plain.py"])
    assert result.exit_code == 1
    assert result.stderr == (
        "Error: plain:app, a WSGI app, has no routes that Spruce can list. Its own framework knows them.\n"
    )
