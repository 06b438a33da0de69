"""The ported app answers every request as the one for Django does, and the page of the docs shows what was changed."""

import difflib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "examples" / "from_django"
COMMENT = {"author": "Ann <b>", "text": "I saw one & heard two."}
REQUESTS: list[tuple[str, str, dict[str, str]]] = [
    ("GET", "/", {}),
    ("GET", "/?page=2", {}),
    ("GET", "/?page=99", {}),
    ("GET", "/?q=trees", {}),
    ("GET", "/?q=WREN", {}),
    ("GET", "/?q=nothing", {}),
    ("GET", "/posts/3/", {}),
    ("GET", "/posts/4/", {}),
    ("GET", "/posts/0/", {}),
    ("GET", "/posts/x/", {}),
    ("POST", "/posts/2/", COMMENT),
    ("POST", "/posts/2/", {"author": "nobody"}),
    ("GET", "/posts/2/", {}),
    ("GET", "/", {}),
    ("GET", "/statistics", {}),
    ("GET", "/api/posts/2", {}),
    ("DELETE", "/api/posts/2", {}),
    ("GET", "/api/posts/2", {}),
    ("GET", "/statistics", {}),
]
WITH_DJANGO = """
import json, sys
import with_django
from django.core.management import call_command
from django.test import Client
call_command(with_django.Command())
client = Client()
answers = []
for method, path, data in json.load(sys.stdin):
    response = client.post(path, data) if method == "POST" else client.generic(method, path)
    answers.append([response.status_code, response.headers.get("Location"), response.content.decode()])
json.dump(answers, sys.stdout)
"""
WITH_SPRUCE = """
import json, sys
from click.testing import CliRunner
from with_spruce import app
client = app.test_client()
answers = []
with app.app_context():
    print(CliRunner().invoke(app.cli.commands["prepare"], catch_exceptions=False).output, end="")
for method, path, data in json.load(sys.stdin):
    response = client.open(path, method=method, data=data or None)
    answers.append([response.status_code, response.headers.get("Location"), response.text])
json.dump(answers, sys.stdout)
"""


def answers(program: str, database: Path) -> list[Any]:
    """Return status, Location and body of the answer to each request, in a fresh Python."""
    environment = {**os.environ, "BLOG": str(database), "PYTHONPATH": str(FOLDER), "PYTHONDONTWRITEBYTECODE": "1"}
    result = subprocess.run(
        [sys.executable, "-c", program],
        cwd=database.parent,
        input=json.dumps(REQUESTS),
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (result.returncode, result.stderr) == (0, "")
    said, _, found = result.stdout.partition("\n")
    assert said == "prepared"
    return [
        [request, status, location, compared(status, body)]
        for request, (status, location, body) in zip(REQUESTS, json.loads(found), strict=True)
    ]


def compared(status: int, body: str) -> Any:
    """What of a body is no matter of taste."""
    if status in (302, 404):
        return None
    return json.loads(body) if body.startswith("{") else body.strip()


def test_both_apps_answer_alike(tmp_path: Path) -> None:
    """Status, Location and body; but for the pages of errors and redirects, which are each one's own."""
    django, spruce = answers(WITH_DJANGO, tmp_path / "django.db"), answers(WITH_SPRUCE, tmp_path / "spruce.db")
    assert [(before, after) for before, after in zip(django, spruce, strict=True) if before != after] == []
    assert [status for _, status, _, _ in spruce].count(200) == 12


def test_the_page_shows_the_whole_difference() -> None:
    """As `diff` prints it."""
    before, after = (
        (FOLDER / f"{name}.py").read_text().splitlines(keepends=True)[2:] for name in ("with_django", "with_spruce")
    )
    changed = [line.rstrip() for line in difflib.unified_diff(before, after, n=0) if line[:2] not in ("--", "++", "@@")]
    page = (ROOT / "docs" / "coming-from-django.md").read_text("utf-8")
    block = page.partition("```diff\n")[2].partition("```")[0]
    assert block.splitlines() == changed
