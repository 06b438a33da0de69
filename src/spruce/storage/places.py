"""The storages of an app, by alias; made when they are first used and kept with its settings."""

from collections.abc import Mapping
from importlib import import_module
from typing import Any

from spruce import config
from spruce.errors import ConfigError, nearest
from spruce.storage.filesystem import FileSystemStorage
from spruce.storage.storage import Storage

__all__ = ["default_storage", "storages"]

_RESOURCE = "spruce.storage"


class Storages:
    """`storages["alias"]`: the storage that STORAGES names so; "default" is a local folder unless it says otherwise."""

    def __getitem__(self, alias: str) -> Storage:
        """The storage of an alias. Raises ConfigError if there is none."""
        settings = config.current()
        made: Any = settings.resources.setdefault(_RESOURCE, {})
        if alias not in made:
            made[alias] = _made(alias, settings["STORAGES"])
        found: Storage = made[alias]
        return found


def _made(alias: str, given: Mapping[str, Any]) -> Any:
    if alias not in given:
        if alias == "default":
            return FileSystemStorage()
        raise ConfigError(
            f"there is no storage {alias!r} in STORAGES{nearest(alias, given)}",
            hint=f"Aliases: {', '.join(sorted({'default', *given}))}.",
        )
    named: Any = given[alias]
    options: Any = {}
    if isinstance(named, Mapping):
        named, options = named.get("BACKEND", FileSystemStorage), named.get("OPTIONS", {})
    if isinstance(named, str):
        named = _imported(alias, named)
    return named(**options) if isinstance(named, type) else named


def _imported(alias: str, name: str) -> Any:
    module, _, short = name.rpartition(".")
    try:
        return getattr(import_module(module), short)
    except (ImportError, AttributeError, ValueError) as error:
        raise ConfigError(
            f"STORAGES[{alias!r}] is {name!r}, which cannot be imported: {error}", hint="Name it as module.Class."
        ) from error


class _Default:
    """The storage of the alias "default", whichever settings hold."""

    def __getattr__(self, name: str) -> Any:
        return getattr(storages["default"], name)


storages = Storages()
default_storage: Any = _Default()
"""The storage of the alias "default"."""
