"""Django's own tests of its ORM, accounts and forms, from its source distribution, run on ours under Django's names."""

import json
import re
import subprocess
import sys
import tarfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

VERSION = "5.2.19"
PAGES = Path(__file__).parents[2] / "docs" / "explanation"


@pytest.fixture(scope="module")
def suite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with Django's test apps; Django itself is beside it."""
    folder = tmp_path_factory.mktemp("django")
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", "django"]
    fetched = subprocess.run([*command, f"Django=={VERSION}"], cwd=folder, capture_output=True, text=True, check=False)
    if fetched.returncode:
        pytest.skip(f"Django's source distribution can't be fetched: {fetched.stderr.strip().splitlines()[-1:]}")
    with tarfile.open(next(folder.glob("*.tar.gz"))) as archive:
        archive.extractall(folder, filter(wanted, archive.getmembers()), filter="data")
    return next(folder.glob("*/tests"))


def wanted(member: tarfile.TarInfo) -> bool:
    """Whether it is of the tests, or of Django without the translations of its apps."""
    _, top, *rest = [*member.name.split("/"), ""]
    return top == "tests" or (top == "django" and not (rest[0] == "contrib" and "locale" in rest))


def run(suite: Path, program: str, *arguments: str) -> Any:
    """What a program beside this file prints about the tests that it runs."""
    command = [sys.executable, str(Path(__file__).with_name(program)), *arguments]
    ended = subprocess.run(command, cwd=suite, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout)


def passed(suite: Path, app: str) -> int:
    """How many tests of an app pass."""
    return list(run(suite, "django_names.py", app).values()).count("passed")


def promised(page: str, tables: slice = slice(None)) -> dict[str, int]:
    """How many tests a page of the documentation, or some of its tables, says to pass, by name."""
    parts = (PAGES / page).read_text("utf-8").split(" pass |")  # which is in the first line of each
    rows = re.findall(r"^\| `(\w+)` \| (\d+) \|", "".join(parts[1:][tables]), re.MULTILINE)
    return {name: int(count) for name, count in rows}


def compare(suite: Path, tables: slice) -> int:
    """Run the apps of some tables of the page; how many there are. Fails if fewer tests pass than the page says."""
    told = promised("django-orm-differences.md", tables)
    with ThreadPoolExecutor(2) as threads:
        found = dict(zip(told, threads.map(lambda app: passed(suite, app), told), strict=True))
    assert {app: count for app, count in found.items() if count < told[app]} == {}
    return len(told)


@pytest.mark.timeout(300)
def test_as_many_of_djangos_tests_pass_as_the_page_says(suite: Path) -> None:
    """docs/explanation/django-orm-differences.md has them by app, and why the others don't."""
    assert compare(suite, slice(2)) == 28


@pytest.mark.soak
@pytest.mark.timeout(300)
def test_more_of_djangos_tests_pass_as_the_page_says(suite: Path) -> None:
    """Those of the last table."""
    assert compare(suite, slice(2, 3)) == 13


@pytest.mark.timeout(300)
def test_as_many_tests_of_djangos_accounts_pass_as_the_page_says(suite: Path) -> None:
    """docs/explanation/django-auth-tests.md has them by module, and why the others don't."""
    told = promised("django-auth-tests.md")
    found = {
        name: list(each.values()).count("passed") for name, each in run(suite, "django_accounts.py", *told).items()
    }
    assert len(told) == 14
    assert {name: count for name, count in found.items() if count < told[name]} == {}


@pytest.mark.timeout(300)
def test_as_many_tests_of_djangos_forms_pass_as_the_page_says(suite: Path) -> None:
    """docs/explanation/django-forms-tests.md has them by package, and why the others don't."""
    told = promised("django-forms-tests.md")
    packages = [name for name in told if name != "model_forms"]
    ended = run(suite, "django_forms.py", *packages) | run(suite, "django_modelforms.py", "model_forms")
    found = {name: list(each.values()).count("passed") for name, each in ended.items()}
    assert list(told) == ["field_tests", "tests", "widget_tests", "model_forms"]
    assert {name: count for name, count in found.items() if count < told[name]} == {}


@pytest.mark.timeout(300)
def test_as_many_of_djangos_checks_of_admins_pass_as_the_page_says(suite: Path) -> None:
    """docs/reference/admin.md tells how many, and why the others don't."""
    page = (PAGES.parent / "reference" / "admin.md").read_text("utf-8")
    told = re.search(r"of its (\d+) tests (\d+) pass", page)
    found = run(suite, "django_adminchecks.py")
    assert told is not None
    assert (len(found), list(found.values()).count("passed")) >= (int(told[1]), int(told[2]))
