"""The storages of an app."""

from pathlib import Path
from typing import Any

import pytest

from spruce.config import Settings
from spruce.errors import ConfigError
from spruce.storage import ContentFile, FileSystemStorage, InMemoryStorage, default_storage, storages


def test_the_default_is_a_folder(tmp_path: Path) -> None:
    """That of MEDIA_ROOT; it is made once."""
    assert default_storage.save("a.txt", ContentFile("x")) == "a.txt"
    assert (tmp_path / "media" / "a.txt").read_text() == "x"
    assert storages["default"] is storages["default"]


def test_settings_name_others(tmp_path: Path, settings: Settings) -> None:
    """As objects, classes, dotted names, or with options."""
    kept = InMemoryStorage()
    settings["STORAGES"] = {
        "default": kept,
        "class": InMemoryStorage,
        "dotted": "spruce.storage.InMemoryStorage",
        "options": {"BACKEND": "spruce.storage.FileSystemStorage", "OPTIONS": {"location": str(tmp_path)}},
    }
    assert default_storage.files is kept.files
    assert isinstance(storages["class"], InMemoryStorage)
    assert isinstance(storages["dotted"], InMemoryStorage)
    options: Any = storages["options"]
    assert isinstance(options, FileSystemStorage)
    assert options.location == str(tmp_path)


@pytest.mark.parametrize(
    ("given", "alias", "message"),
    [
        ({"backups": InMemoryStorage}, "backup",
         "there is no storage 'backup' in STORAGES; did you mean 'backups'? Aliases: backups, default."),
        ({"a": "nowhere.Storage"}, "a",
         "STORAGES['a'] is 'nowhere.Storage', which cannot be imported: No module named 'nowhere'. "
         "Name it as module.Class."),
    ],
)  # fmt: skip
def test_what_cannot_be_found(settings: Settings, given: dict[str, Any], alias: str, message: str) -> None:
    """Is told with what there is."""
    settings["STORAGES"] = given
    with pytest.raises(ConfigError) as refused:
        storages[alias]
    assert str(refused.value) == message
