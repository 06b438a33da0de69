"""The settings of one app: a dict that knows its keys."""

import json
import os
import tomllib
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from importlib import import_module
from pathlib import Path
from typing import Any

from spruce.config.known import KNOWN
from spruce.errors import ConfigError

__all__ = ["Settings"]

_OWN_ENVIRONMENT = frozenset({"SPRUCE_APP", "SPRUCE_LOOP"})
_NEAR = 0.85


class Settings(dict[str, Any]):
    """A dict of settings that begins with every known key's default.

    A known key takes values of its own type only. A key that is not known is the program's own and may hold anything,
    unless it is so near a known one that it must be a slip: both are refused with ConfigError, when they are set.
    `resources` is where packages keep what they made from these settings, such as open databases.
    """

    def __init__(self, values: Mapping[str, object] | None = None, /, **more: object) -> None:
        super().__init__((name, setting.initial()) for name, setting in KNOWN.items())
        self.resources: dict[str, object] = {}
        self.update(values or {}, **more)

    def __setitem__(self, key: str, value: object) -> None:
        if key in KNOWN:
            KNOWN[key].check(value)
        else:
            _refuse_slip(key)
        super().__setitem__(key, value)

    def __repr__(self) -> str:
        shown = (
            f"{key!r}: {KNOWN[key].show(value) if key in KNOWN and value else repr(value)}"
            for key, value in self.items()
        )
        return f"<Settings {{{', '.join(shown)}}}>"

    def __ior__(self, other: Any) -> "Settings":  # type: ignore[override, misc] # dict's own overloads return Self too
        self.update(other)
        return self

    def update(self, values: Mapping[str, object] | Iterable[tuple[str, object]] = (), /, **more: object) -> None:  # type: ignore[override] # narrower than dict's overloads
        """Set every key of `values` and of the keywords."""
        for key, value in dict(values, **more).items():
            self[key] = value

    def setdefault(self, key: str, default: object = None, /) -> Any:
        """Return the value of `key`, set to `default` first when it is missing; known keys never are."""
        if key not in self:
            self[key] = default
        return self[key]

    def copy(self) -> "Settings":
        """Return settings with the same values, and `resources` of their own."""
        return Settings(self)

    def from_mapping(self, values: Mapping[str, object] | None = None, /, **more: object) -> None:
        """Set the keys in capitals; others are passed over."""
        self.update({key: value for key, value in dict(values or {}, **more).items() if key.isupper()})

    def from_object(self, thing: object) -> None:
        """Set every attribute in capitals of a module, class or object.

        A text names one: `module` or `module:name`. Raises ConfigError when there is nothing of that name.
        """
        source = _find(thing) if isinstance(thing, str) else thing
        self.from_mapping({key: getattr(source, key) for key in dir(source)})

    def from_toml(self, path: str | os.PathLike[str]) -> None:
        """Set every key of a TOML file's top level. Raises ConfigError when it is missing or not TOML."""
        try:
            values = tomllib.loads(Path(path).read_text("utf-8"))
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise ConfigError(f"the settings file {os.fspath(path)!r} cannot be read: {error}") from error
        self.update(values)

    def from_environment(self, environ: Mapping[str, str] | None = None) -> None:
        """Set what variables like `SPRUCE_DEBUG=1` say, read as their key's type; values of own keys are JSON or text.

        Two underscores reach into a dict: `SPRUCE_DATABASES__default=postgresql://…`. `environ` is the process's own
        unless given.
        """
        for variable, text in sorted((os.environ if environ is None else environ).items()):
            key, *inner = variable.removeprefix("SPRUCE_").split("__")
            if not variable.startswith("SPRUCE_") or variable in _OWN_ENVIRONMENT or not key:
                continue
            if inner:
                self._set_inner(variable, key, inner, text)
            else:
                self[key] = KNOWN[key].parse(text, variable) if key in KNOWN else _from_json(text)

    def _set_inner(self, variable: str, key: str, inner: list[str], text: str) -> None:
        top = dict(_as_dict(self.get(key), variable, key))
        place = top
        for number, name in enumerate(inner[:-1]):
            place[name] = dict(_as_dict(place.get(name), variable, "__".join([key, *inner[: number + 1]])))
            place = place[name]
        place[inner[-1]] = _from_json(text)
        self[key] = top


def _refuse_slip(key: str) -> None:
    near = get_close_matches(key.upper(), KNOWN, n=1, cutoff=_NEAR)
    if near:
        raise ConfigError(
            f"there is no setting {key!r}; did you mean {near[0]!r}?", hint="A setting of your own needs another name."
        )


def _find(name: str) -> object:
    module_name, _, attribute = name.partition(":")
    try:
        found: object = import_module(module_name)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{module_name}.".startswith(f"{error.name}."):
            raise
        raise ConfigError(
            f"there is no module {error.name!r} to read settings from",
            hint="Name it as in an import, with a class behind a colon: 'shop.settings' or 'shop.settings:Local'.",
        ) from None
    for part in filter(None, attribute.split(".")):
        if not hasattr(found, part):
            raise ConfigError(f"the module {module_name!r} has no {attribute!r} to read settings from")
        found = getattr(found, part)
    return found


def _from_json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _as_dict(value: Any, variable: str, key: str) -> dict[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise ConfigError(f"{variable} cannot be set inside of {key}, which is {type(value).__name__} and no dict")
    return value
