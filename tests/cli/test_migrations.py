"""`spruce db migrate` and what follows, as somebody types them."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from spruce.cli.main import main

Write = Callable[..., Path]


@pytest.fixture(autouse=True)
def _no_app_of_before() -> None:
    """Each test writes an app.py of its own, some write several."""
    forget_app()


def forget_app() -> None:
    sys.modules.pop("app", None)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["db", *arguments])


def app_with(write: Write, folder: Path, field: str = "") -> None:
    forget_app()
    write(
        "app.py",
        f"""
        from spruce import App, db

        app = App(__name__, DATABASES={{"default": "sqlite:///{folder}/test.db"}}, DATABASE_ROUTERS=["app.Router"])

        class Router:
            def allow_migrate(self, alias, model):
                return model.__name__ == "CliPlum"

        class CliPlum(db.Model):
            name = db.CharField(max_length=20)
            {field or "pass"}
        """,
    )


def test_from_the_first_migration_to_the_last(write: Write, tmp_path: Path) -> None:
    """Each command says what it did."""
    app_with(write, tmp_path)
    assert run("history").output == "There are no migrations yet.\n"
    missing = run("upgrade")
    assert missing.exit_code == 1
    assert missing.output.endswith("`spruce db migrate -m first` writes the first one.\n")
    made = run("migrate", "-m", "first")
    assert made.output.startswith(f"wrote {tmp_path}/migrations/versions/")
    assert made.output.endswith(": read it, then run `spruce db upgrade`\n")
    assert run("check").exit_code == 1
    (line,) = run("history").output.splitlines()
    assert line.startswith("[ ] ")
    assert line.endswith(": first")
    assert "CREATE TABLE cli_plum" in run("sql").output
    assert run("upgrade").output.startswith("ran ")
    assert run("upgrade").output == "The database has all migrations already.\n"
    assert run("check").output == "The database is as the models say.\n"
    assert run("migrate", "-m", "more").output == "The database is as the models say: nothing to migrate.\n"
    assert run("downgrade", "base").output.startswith("undid ")
    assert run("stamp").output == "the database is now said to be at head\n"
    assert run("history").output.startswith("[x] ")


def test_questions_are_not_asked_without_a_terminal(write: Write, tmp_path: Path) -> None:
    """A new column that must not be null then needs a default."""
    app_with(write, tmp_path)
    run("migrate", "-m", "first")
    run("upgrade")
    app_with(write, tmp_path, "weight = db.IntegerField()")
    refused = run("migrate", "-m", "weight")
    assert refused.exit_code == 1
    assert refused.output == (
        "Error: cli_plum.weight is new, must not be null and has no default, so rows that exist have no value. Give "
        "the field a default, or null=True, or answer the question at a terminal.\n"
    )
    app_with(write, tmp_path, "weight = db.IntegerField(default=5)")
    assert run("check").output == "add column: cli_plum, weight\n"
    assert run("migrate", "-m", "weight").exit_code == 0
    assert run("upgrade").exit_code == 0


def test_the_models_of_middleware_are_migrated_too(write: Write, tmp_path: Path) -> None:
    """Sessions in the database have a table, though the app imports no model of them."""
    write(
        "app.py",
        f"""
        from spruce import App

        class Router:
            def allow_migrate(self, alias, model):
                return model.__name__ == "StoredSession"

        app = App(
            __name__,
            DATABASES={{"default": "sqlite:///{tmp_path}/test.db"}},
            DATABASE_ROUTERS=[Router],
            SESSION_ENGINE="database",
        )
        """,
    )
    run("migrate", "-m", "first")
    assert "CREATE TABLE spruce_session" in run("sql").output


@pytest.mark.parametrize("command", ["migrate", "upgrade", "downgrade", "history", "sql", "check", "stamp"])
def test_each_command_explains_itself(command: str) -> None:
    """`--help` has a first line and the alias of the database."""
    told = run(command, "--help").output
    assert "--database TEXT" in told
    assert len(told.splitlines()[2]) > 20
