"""What stands behind the question mark in a database's URL: numbers, truths, and names that look like a slip."""

from collections.abc import Callable
from typing import Any, Final, TypeVar

from sqlalchemy.engine import URL

from spruce.errors import ConfigError, nearest

__all__ = ["check_options", "number", "truth"]

T = TypeVar("T")

_WORDS: Final = {
    "yes": True,
    "on": True,
    "true": True,
    "1": True,
    "no": False,
    "off": False,
    "false": False,
    "0": False,
}
_OWN: Final = ("pool_size", "pool_timeout", "pool_recycle", "pool_check", "prepared", "connect_timeout")


def number(url: URL, options: dict[str, Any], name: str, kind: Callable[[str], T], default: T) -> T:
    """Take a number above 0 out of the options; `default` where there is none. Raises ConfigError."""
    text = options.pop(name, None)
    if text is None:
        return default
    try:
        made = kind(text)
        if not made > 0:  # type: ignore[operator] # kinds are int and float
            raise ValueError
    except ValueError:
        raise ConfigError(f"{url!r}: {name} is a number above 0, not {text!r}") from None
    return made


def truth(url: URL, options: dict[str, Any], name: str) -> bool:
    """Take a yes or no out of the options; yes where there is none. Raises ConfigError."""
    text = str(options.pop(name, "yes"))
    if text.lower() not in _WORDS:
        raise ConfigError(f"{url!r}: {name} is yes or no, not {text!r}")
    return _WORDS[text.lower()]


def check_options(url: URL, options: dict[str, Any], others: tuple[str, ...]) -> None:
    """Refuse what looks like a slip. Other names are settings of the server, which knows whether it has them."""
    known = (*_OWN, *others)
    for name in options:
        if name not in known and (near := nearest(name, known)):
            raise ConfigError(
                f"{url!r} has the option {name!r}, which is unknown{near}", hint=f"Spruce's own: {', '.join(_OWN)}."
            )
