"""Installed apps: packages that an app is made of, found by INSTALLED_APPS with all that lies in them.

A package `shop.blog` may have `models`, which is imported; the folders `templates`, `static` and `locale`, which are
searched after the app's own; `commands`, whose commands of click become those of `spruce`; and `apps` with an
`AppConfig` that names the package and is told when all of them are there.
"""

from collections.abc import Iterable
from importlib import import_module
from importlib.util import find_spec
from inspect import isclass
from pathlib import Path
from types import ModuleType
from typing import Any

from spruce.errors import ConfigError, nearest

__all__ = ["AppConfig", "load"]


class AppConfig:
    """What an installed app is: derive from it in the package's `apps.py` to say so.

    `name` is the package and `label` a short name, no two of which may be the same; they are the package that the class
    is in and the last part of its name, unless stated. `verbose_name` is for people. `default` says which of several in
    one `apps.py` is meant. `path` is the folder, `module` the package itself, `app` the app that it is installed in.
    """

    name: str = ""
    label: str = ""
    verbose_name: str = ""
    default: bool = False
    path: Path
    module: ModuleType
    app: Any

    def __init__(self, name: str) -> None:
        self.name = self.name or name
        self.label = self.label or self.name.rpartition(".")[2]
        self.verbose_name = self.verbose_name or self.label.replace("_", " ").capitalize()
        self.module = _imported(self.name, self.name)
        self.path = _folder(self.module)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.label!r} of {self.name}>"

    def ready(self) -> None:
        """Called once, when all apps and their models are there: the place for blueprints, hooks and subscriptions."""

    def check(self, deploy: bool) -> Iterable[Any]:
        """Return what is wrong with the app as `Finding`s, for `spruce check`; with `deploy` for production too."""
        return ()

    def folder(self, name: str) -> Path | None:
        """Return a folder in the package, None when it has none of that name."""
        found = self.path / name
        return found if found.is_dir() else None

    def submodule(self, name: str) -> ModuleType | None:
        """Import and return a module of the package, None when it has none of that name."""
        return import_module(f"{self.name}.{name}") if _has(self.name, name) else None


def load(names: Iterable[str]) -> dict[str, AppConfig]:
    """Import the packages, or those of the named configurations, and their models; return all by label.

    Raises: ConfigError for a name that leads nowhere, a package whose configuration is unclear, and a label used twice.
    """
    found: dict[str, AppConfig] = {}
    for name in names:
        if not isinstance(name, str):
            raise ConfigError(f"INSTALLED_APPS has {name!r}, which is no text", hint="Write the name of a package.")
        made = _configured(name)
        if made.label in found:
            raise ConfigError(
                f"INSTALLED_APPS has two apps with the label {made.label!r}: {found[made.label].name} and {made.name}",
                hint="Give one of them another `label` in its AppConfig.",
            )
        found[made.label] = made
    for made in found.values():
        made.submodule("models")
    return found


def _configured(entry: str) -> AppConfig:
    """The configuration that an entry names, or that its package has, or a plain one."""
    owner, _, last = entry.rpartition(".")
    if owner and not _has(owner, last) and _spec(owner) is not None:
        return _named(entry, import_module(owner), last)
    _imported(entry, entry)
    if not _has(entry, "apps"):
        return AppConfig(entry)
    candidates = _classes(import_module(f"{entry}.apps"))
    chosen = [one for one in candidates if one.default] if len(candidates) > 1 else candidates
    if len(chosen) > 1 or (candidates and not chosen):
        raise ConfigError(
            f"{entry}.apps has several AppConfigs: {', '.join(one.__name__ for one in candidates)}",
            hint=f"Set `default = True` in one, or name it: INSTALLED_APPS=['{entry}.apps.{candidates[0].__name__}'].",
        )
    return chosen[0](entry) if chosen else AppConfig(entry)


def _named(entry: str, module: ModuleType, name: str) -> AppConfig:
    """The configuration of this name in a module; the package is the one around `apps`."""
    cls = getattr(module, name, None)
    if not (isclass(cls) and issubclass(cls, AppConfig)):
        known = [one.__name__ for one in _classes(module)] or _packages_below(module)
        raise ConfigError(
            f"INSTALLED_APPS has {entry!r}, but {module.__name__} has neither a package nor an AppConfig {name!r}"
            f"{nearest(name, known)}",
        )
    return cls(module.__name__.removesuffix(".apps"))


def _imported(name: str, entry: str) -> ModuleType:
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{name}.".startswith(f"{error.name}."):
            raise
        here = [path.name for path in Path.cwd().iterdir() if (path / "__init__.py").is_file()]
        raise ConfigError(
            f"INSTALLED_APPS has {entry!r}, but there is no package {error.name!r}{nearest(error.name, here)}",
            hint="It is imported as Python does: from the folder of the app, or installed.",
        ) from None


def _classes(module: ModuleType) -> list[type[AppConfig]]:
    """Those of a module; a proxy in it is not asked what it stands for, as `isclass` does."""
    every = [one for _, one in sorted(vars(module).items()) if issubclass(type(one), type)]
    return [one for one in every if issubclass(one, AppConfig) and one is not AppConfig]


def _packages_below(module: ModuleType) -> list[str]:
    folders = getattr(module, "__path__", ())
    return [path.name for folder in folders for path in Path(folder).iterdir() if (path / "__init__.py").is_file()]


def _spec(name: str) -> Any:
    try:
        return find_spec(name)
    except (ModuleNotFoundError, ValueError):
        return None


def _has(package: str, name: str) -> bool:
    return _spec(f"{package}.{name}") is not None


def _folder(module: ModuleType) -> Path:
    file = module.__file__
    return Path(file).resolve().parent if file else Path(next(iter(module.__path__))).resolve()
