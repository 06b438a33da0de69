"""Django's own tests of its ORM, from its source distribution, run on `spruce.db` under Django's names."""

import json
import re
import subprocess
import sys
import tarfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

VERSION = "5.2.19"
NAMES = Path(__file__).with_name("django_names.py")
PAGE = Path(__file__).parents[2] / "docs" / "explanation" / "django-orm-differences.md"


@pytest.fixture(scope="module")
def suite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with Django's test apps."""
    folder = tmp_path_factory.mktemp("django")
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", "django"]
    fetched = subprocess.run([*command, f"Django=={VERSION}"], cwd=folder, capture_output=True, text=True, check=False)
    if fetched.returncode:
        pytest.skip(f"Django's source distribution can't be fetched: {fetched.stderr.strip().splitlines()[-1:]}")
    with tarfile.open(next(folder.glob("*.tar.gz"))) as archive:
        members = [each for each in archive.getmembers() if each.name.split("/")[1:2] == ["tests"]]
        archive.extractall(folder, members, filter="data")
    return next(folder.glob("*/tests"))


def passed(suite: Path, app: str) -> int:
    """How many tests of an app pass."""
    ended = subprocess.run([sys.executable, str(NAMES), app], cwd=suite, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    return list(json.loads(ended.stdout).values()).count("passed")


@pytest.mark.timeout(300)
def test_as_many_of_djangos_tests_pass_as_the_page_says(suite: Path) -> None:
    """docs/explanation/django-orm-differences.md has them by app, and why the others don't."""
    told = {
        app: int(count) for app, count in re.findall(r"^\| `(\w+)` \| (\d+) \|", PAGE.read_text("utf-8"), re.MULTILINE)
    }
    with ThreadPoolExecutor(2) as threads:
        found = dict(zip(told, threads.map(lambda app: passed(suite, app), told), strict=True))
    assert len(told) == 14
    assert {app: count for app, count in found.items() if count < told[app]} == {}
