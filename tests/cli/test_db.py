"""`spruce db`."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from spruce.cli.main import main

Write = Callable[..., Path]


def run(*arguments: str, text: str | None = None) -> Result:
    return CliRunner().invoke(main, ["db", *arguments], input=text)


@pytest.fixture
def app(write: Write, tmp_path: Path) -> None:
    """An app with a table of two rows."""
    write(
        "app.py",
        f"""
        from spruce import App, db

        app = App(__name__, DATABASES={{"default": "sqlite:///{tmp_path}/test.db"}})

        class CliFruit(db.Model):
            name = db.CharField(max_length=20)

        with app.app_context():
            db.create_all(models=[CliFruit])
            if not CliFruit.objects.exists():
                CliFruit.objects.bulk_create([CliFruit(name="apple"), CliFruit(name="梨")])
        """,
    )


ROWS = [
    {"model": "cli_fruit", "pk": 1, "fields": {"name": "apple"}},
    {"model": "cli_fruit", "pk": 2, "fields": {"name": "梨"}},
]


def test_rows_are_dumped(app: None, tmp_path: Path) -> None:
    """To standard output or a file, in few lines or many."""
    assert json.loads(run("dump", "cli_fruit").output) == ROWS
    lines = run("dump", "cli_fruit", "--indent", "0").output.splitlines()
    assert lines[1] == '{"model": "cli_fruit", "pk": 1, "fields": {"name": "apple"}},'
    assert run("dump", "cli_fruit", "-o", str(tmp_path / "rows.json")).output == ""
    assert json.loads((tmp_path / "rows.json").read_text("utf-8")) == ROWS


def test_rows_are_loaded(app: None, tmp_path: Path) -> None:
    """From files and standard input."""
    ROWS[0]["fields"] = {"name": "apple"}
    (tmp_path / "rows.json").write_text(json.dumps([ROWS[0] | {"fields": {"name": "changed"}}]), "utf-8")
    assert run("load", str(tmp_path / "rows.json")).output == "loaded 1 row\n"
    assert json.loads(run("dump", "cli_fruit").output)[0]["fields"] == {"name": "changed"}
    assert run("load", "-", text=json.dumps(ROWS)).output == "loaded 2 rows\n"
    assert json.loads(run("dump", "cli_fruit").output) == ROWS


def test_a_database_is_copied(app: None, tmp_path: Path) -> None:
    """And the size of the copy told."""
    told = run("backup", str(tmp_path / "copy.db")).output
    size = (tmp_path / "copy.db").stat().st_size
    assert told == f"copied to {tmp_path}/copy.db ({size:,} bytes)\n"


def test_what_cannot_be_done(app: None, write: Write, tmp_path: Path) -> None:
    """Is told in a line."""
    assert run("dump", "cli_frut").stderr.startswith(
        "Error: there is no model with the table 'cli_frut'; did you mean 'cli_fruit'? Tables: "
    )
    (tmp_path / "rows.json").write_text("{}")
    assert run("load", str(tmp_path / "rows.json")).stderr == (
        f'Error: {tmp_path}/rows.json has no list of rows. As: [{{"model": "product", "pk": 1, "fields": {{…}}}}].\n'
    )
    assert "cannot be read as JSON" in run("load", str(tmp_path / "nothing.json")).stderr
    write("plain.py", "def app(environ, start_response): ...\n")
    assert CliRunner().invoke(main, ["--app", "plain.py", "db", "dump"]).stderr == (
        "Error: plain:app, a WSGI app, has no databases of Spruce. Its own framework may have a command.\n"
    )


def test_models_of_tables_are_printed(app: None, tmp_path: Path) -> None:
    """Of those that have none, or of those that are named; see tests/db/test_inspecting.py."""
    run("dump")  # makes the table
    assert run("inspect").output.startswith('"""The models of the database \'default\', as they were found in it."""')
    assert "class CliFruit(db.Model):\n    name = db.CharField(max_length=20)\n" in run("inspect", "cli_fruit").output
    assert run("inspect", "cli_frut").stderr.startswith(
        "Error: there is no table 'cli_frut' in the database 'default'; did you mean 'cli_fruit'?"
    )
