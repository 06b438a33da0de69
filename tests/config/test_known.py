"""The table of known keys: complete, consistent, and nothing in it that Spruce does not read."""

from pathlib import Path

import pytest

import spruce
from spruce.config import KNOWN, Setting


@pytest.mark.parametrize("setting", KNOWN.values(), ids=KNOWN)
def test_each_key_is_whole(setting: Setting) -> None:
    """A key is written in capitals, its default has its own type, and a sentence tells what it does."""
    assert setting.name.isupper()
    setting.check(setting.initial())
    assert setting.doc.endswith(".")


def test_no_key_is_declared_twice() -> None:
    """A second declaration would silently win."""
    folder = Path(spruce.__file__).parent / "config"
    sources = [(folder / name).read_text() for name in ("known.py", "accounts.py", "safety.py")]
    assert sum(source.count("    Setting(") for source in sources) == len(KNOWN)


def test_each_key_is_read_somewhere() -> None:
    """A key that no module reads would promise what does not happen; a secret is known so that it is never shown."""
    root = Path(spruce.__file__).parent
    sources = [path.read_text() for path in root.rglob("*.py") if path.parent.name != "config"]
    plain = [key for key, setting in KNOWN.items() if not setting.secret]
    assert [key for key in plain if not any(f'"{key}"' in source for source in sources)] == []
