"""Languages: which one holds here, which ones an app speaks, and which of them somebody wants.

A language is written as in HTML (BCP 47): `en`, `pt-BR`, `zh-Hans`. Case and underscores don't matter where one is
given; folders of catalogues are named as locales are: `pt_BR`, `zh_Hans`.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache

from spruce import config
from spruce.errors import ConfigError

__all__ = [
    "activate",
    "deactivate",
    "get_language",
    "languages_of",
    "locale_of",
    "negotiate",
    "normal",
    "override",
    "text_direction",
]

_active: ContextVar[str | None] = ContextVar("spruce_language", default=None)

_SCRIPTS = {
    "zh-CN": "zh-Hans",
    "zh-SG": "zh-Hans",
    "zh-MY": "zh-Hans",
    "zh-TW": "zh-Hant",
    "zh-HK": "zh-Hant",
    "zh-MO": "zh-Hant",
}
"""What browsers say in place of the script in which they want Chinese."""

_RIGHT_TO_LEFT = frozenset({"ar", "arc", "ckb", "dv", "fa", "he", "ks", "ps", "sd", "ug", "ur", "yi"})
_SCRIPT_LETTERS = 4


def activate(language: str) -> None:
    """Let `language` hold from here on, in this green thread, task or OS thread, for the texts of gettext."""
    _active.set(normal(language))


def deactivate() -> None:
    """Go back to LANGUAGE_CODE."""
    _active.set(None)


@contextmanager
def override(language: str | None) -> Iterator[None]:
    """Let `language` hold inside of a `with`; None stands for LANGUAGE_CODE."""
    token = _active.set(None if language is None else normal(language))
    try:
        yield
    finally:
        _active.reset(token)


def get_language() -> str:
    """Return the language that holds here: the activated one, else the setting LANGUAGE_CODE."""
    active = _active.get()
    return active if active is not None else normal(config.current()["LANGUAGE_CODE"])


def text_direction() -> str:
    """Return `rtl` where the language that holds here is written from right to left, and `ltr` otherwise."""
    return "rtl" if get_language().partition("-")[0] in _RIGHT_TO_LEFT else "ltr"


@lru_cache(1024)
def normal(language: str) -> str:
    """Return the usual form of a language's code: `zh_hans` is `zh-Hans`, `PT-br` is `pt-BR`."""
    first, *others = language.replace("_", "-").split("-")
    return "-".join([first.lower(), *(one.title() if len(one) == _SCRIPT_LETTERS else one.upper() for one in others)])


def locale_of(language: str) -> str:
    """Return the name of a language as a locale, which Babel and folders take: `zh_Hans`."""
    return normal(language).replace("-", "_")


def languages_of(settings: config.Settings) -> dict[str, str]:
    """Return the languages that an app speaks, each with its name: LANGUAGES, or LANGUAGE_CODE alone.

    Raises: ConfigError when LANGUAGES is neither a dict nor a list of pairs, or LANGUAGE_CODE is not among them.
    """
    stated, default = settings["LANGUAGES"], normal(settings["LANGUAGE_CODE"])
    if not stated:
        return {default: default}
    try:
        found = {normal(code): str(name) for code, name in (stated.items() if isinstance(stated, dict) else stated)}
    except (TypeError, ValueError, AttributeError):
        raise ConfigError(
            f"LANGUAGES is {stated!r}, which is no list of languages",
            hint="Write LANGUAGES={'en': 'English', 'zh-Hans': '简体中文'}, or a list of such pairs.",
        ) from None
    if default not in found:
        raise ConfigError(
            f"LANGUAGE_CODE is {default!r}, which LANGUAGES does not have: {', '.join(found)}",
            hint="Add it, or set LANGUAGE_CODE to one of them.",
        )
    return found


def negotiate(wanted: Iterable[str], known: Iterable[str]) -> str | None:
    """Return the first of the languages `wanted` that is among the `known`, in the form that it has there.

    One that is more or less exact will do: `de-AT` gets `de`, `pt` gets `pt-BR`, and `zh-CN` gets `zh-Hans`. None when
    nothing fits; `*` fits nothing.
    """
    by_code = {normal(one): one for one in known}
    for one in wanted:
        code = normal(one)
        code = code if code in by_code else _SCRIPTS.get(code, code)
        parts = code.split("-")
        shorter = ("-".join(parts[:end]) for end in range(len(parts), 0, -1))
        found = next((by_code[each] for each in shorter if each in by_code), None)
        if found is None and len(parts) == 1:
            found = next((by_code[each] for each in by_code if each.startswith(f"{code}-")), None)
        if found is not None:
            return found
    return None
