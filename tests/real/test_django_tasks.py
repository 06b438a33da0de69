"""Django's own tests of its tasks, from its source distribution, run on ours under Django's names."""

import subprocess
import sys
import tarfile
from pathlib import Path

import pytest
from tests.real.test_django_suite import promised, run

VERSION = "6.1.3"


@pytest.fixture(scope="module")
def suite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with Django's tests of tasks. They need no more of it, and so no Python that it would run on."""
    folder = tmp_path_factory.mktemp("django")
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", "django"]
    command += ["--ignore-requires-python", f"Django=={VERSION}"]
    fetched = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if fetched.returncode:
        pytest.skip(f"Django's source distribution can't be fetched: {fetched.stderr.strip().splitlines()[-1:]}")
    with tarfile.open(next(folder.glob("*.tar.gz"))) as archive:
        ours = [member for member in archive.getmembers() if "/tests/tasks/" in member.name]
        archive.extractall(folder, ours, filter="data")
    return next(folder.glob("*/tests"))


@pytest.mark.timeout(300)
def test_as_many_of_djangos_tests_of_tasks_pass_as_the_page_says(suite: Path) -> None:
    """docs/explanation/django-tasks-tests.md has them by module, and why the others don't."""
    told = promised("django-tasks-tests.md")
    found = {name: list(each.values()).count("passed") for name, each in run(suite, "django_tasks.py", *told).items()}
    assert list(told) == ["test_tasks", "test_dummy_backend", "test_immediate_backend", "test_custom_backend"]
    assert {name: count for name, count in found.items() if count < told[name]} == {}
