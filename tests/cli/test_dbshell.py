"""`spruce db shell`: the client, of which tests/db/test_clients.py tells, takes its place, or there is a prompt."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from spruce.cli.main import main

Write = Callable[..., Path]
SPRUCE = Path(sys.executable).with_name("spruce")


@pytest.fixture
def app(write: Write, tmp_path: Path) -> None:
    """An app with two databases."""
    write(
        "app.py",
        f"""
        from spruce import App

        urls = {{"default": "sqlite:///{tmp_path}/test.db", "other": "postgresql://me:secret@host/shop"}}
        app = App(__name__, DATABASES=urls)
        """,
    )


def test_the_client_takes_the_place_of_the_command(app: None, tmp_path: Path) -> None:
    """With what stands behind `--`, and the password in its environment."""
    fake = tmp_path / "bin" / "psql"
    fake.parent.mkdir()
    fake.write_text('#!/bin/sh\necho "$@ with $PGPASSWORD"\nexit 3\n')
    fake.chmod(0o755)
    ended = subprocess.run(
        [SPRUCE, "db", "shell", "--database", "other", "--", "-c", "SELECT 1"],
        cwd=tmp_path,
        env={**os.environ, "PATH": f"{fake.parent}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (ended.stdout, ended.returncode) == ("-h host -U me -d shop -c SELECT 1 with secret\n", 3)


def typed(text: str, *arguments: str) -> Result:
    return CliRunner().invoke(main, ["db", "shell", *arguments], input=text)


def test_without_a_client_there_is_a_prompt(app: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Statements end with a semicolon; what they give is a table."""
    monkeypatch.setenv("PATH", str(tmp_path))
    answer = typed(
        "CREATE TABLE fruit (name TEXT, price REAL);\n"
        "INSERT INTO fruit VALUES ('apple', 1.5),\n  ('梨', NULL),\n ('a:b', 0);\n"
        "SELECT * FROM fruit ORDER BY name;\n"
        "SELECT 1 AS one\n"
    )
    assert answer.output.splitlines() == [
        "rows: 0",
        "rows: 3",
        "name   price",
        "-----  -----",
        "a:b    0.0",
        "apple  1.5",
        "梨      NULL",
        "(3 rows)",
        "one",
        "---",
        "1",
        "(1 row)",
    ]
    long = typed(f"SELECT '{'x' * 100}' AS text;\n\\q\nSELECT 2;\n").output.splitlines()
    assert long == ["text", "-" * 60, "x" * 59 + "…", "(1 row)"]


def test_what_fails_ends_a_script(app: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """With status 1 and the error; arguments are for the client that there is not."""
    monkeypatch.setenv("PATH", str(tmp_path))
    failed = typed("SELEC 1;\nSELECT 2;\n")
    assert (failed.exit_code, failed.stdout) == (1, "")
    assert failed.stderr.startswith("Error: ")
    assert "SELEC" in failed.stderr
    refused = typed("", "--", "-c", "SELECT 1")
    assert refused.stderr == "Error: sqlite3 is not installed here, so nothing takes -c SELECT 1\n"
