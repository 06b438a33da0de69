"""A project that `spruce new --full` made: its own tests pass, and it is served with notes that stay."""

import secrets
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any


def test_a_new_project_works(serve: Callable[..., Any], spruce: Callable[..., Any], tmp_path: Path) -> None:
    """From the first command to a note in the database."""
    made = spruce("new", "notebook", "--full")
    assert made.returncode == 0, made.stderr
    folder = tmp_path / "notebook"
    tests = subprocess.run([sys.executable, "-m", "pytest", "-q"], cwd=folder, capture_output=True, text=True)
    assert tests.returncode == 0, tests.stdout
    unset = spruce("check", "--deploy", folder=folder)
    assert unset.returncode == 1
    assert "SECRET_KEY is not set" in unset.stdout
    assert "ALLOWED_HOSTS is empty" in unset.stdout
    assert len(unset.stdout.splitlines()) == 2
    key = secrets.token_urlsafe(48)
    (folder / ".env").write_text(f"SPRUCE_SECRET_KEY='{key}'\nSPRUCE_ALLOWED_HOSTS='[\"127.0.0.1\"]'\n")
    sound = spruce("check", "--deploy", folder=folder)
    assert (sound.returncode, sound.stdout) == (0, "app:app is fine\n")
    served = serve(folder=folder)
    form = {"Content_Type": "application/x-www-form-urlencoded"}
    assert served.ask("/", "POST", b"text=%E7%86%8A%E7%8C%AB", **form)[0] == 302
    status, page = served.ask("/")
    assert (status, "<li>熊猫</li>" in page) == (200, True)
    assert served.ask("/api/notes") == (200, '[{"id":1,"text":"熊猫"}]')
    assert '"summary":"List the newest notes"' in served.ask("/openapi.json")[1]
