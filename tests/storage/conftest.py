"""Settings of one test, with a folder for its files."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from spruce import config
from spruce.config import Settings


@pytest.fixture(autouse=True)
def settings(tmp_path: Path) -> Iterator[Settings]:
    """Settings whose files are in a folder of the test's."""
    before = config.current()
    made = Settings(MEDIA_ROOT=tmp_path / "media")
    config.install(made)
    yield made
    config.install(before)
