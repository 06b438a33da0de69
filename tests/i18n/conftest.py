"""Settings that hold for a test, and catalogues made of a few lines."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from spruce import config

HEAD = """msgid ""
msgstr ""
"Content-Type: text/plain; charset=utf-8\\n"
"Plural-Forms: nplurals=2; plural=(n > 1);\\n"

"""


@pytest.fixture
def settings() -> Iterator[Callable[..., config.Settings]]:
    """Return what makes settings that hold until the end of the test."""
    tokens = []

    def make(**values: Any) -> config.Settings:
        made = config.Settings(values)
        tokens.append(config.use(made))
        return made

    yield make
    for token in reversed(tokens):
        config.leave(token)


@pytest.fixture
def catalogue(tmp_path: Path) -> Callable[..., Path]:
    """Return what writes the catalogue of a locale and returns the folder to be searched."""

    def write(locale: str, entries: str, folder: str = "locale") -> Path:
        path = tmp_path / folder / locale / "LC_MESSAGES" / "messages.po"
        path.parent.mkdir(parents=True)
        path.write_text(HEAD + entries, "utf-8")
        return tmp_path / folder

    return write
