"""`.env` files: variables of the environment for development, kept out of the code.

A line is `NAME=value`, with `export` before it if one likes. Values may be quoted, by single quotes as they are, by
double quotes with a backslash before quotes and for line breaks; without quotes they end at the line or before ` #`.
Nothing is expanded.
"""

import os
import re
from collections.abc import MutableMapping
from pathlib import Path

from spruce.errors import ConfigError

__all__ = ["load_dotenv", "parse_dotenv"]

_LINE = re.compile(
    r"""\s*(?:export\s+)?(?P<name>[A-Za-z_]\w*)\s*=\s*
    (?:'(?P<single>[^']*)'|"(?P<double>(?:[^"\\]|\\.)*)"|(?P<plain>[^'"\#\s](?:.*?(?=\s\#|\s*$))?|))
    \s*(?:\#.*)?""",
    re.VERBOSE | re.ASCII,
)
_ESCAPE = re.compile(r"\\(.)")
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t"}


def load_dotenv(path: str | os.PathLike[str] = ".env", environ: MutableMapping[str, str] | None = None) -> list[str]:
    """Set the variables of a file that are not set yet, in `environ` or the process's own; return their names.

    Raises: ConfigError when the file cannot be read, with the line.
    """
    target = os.environ if environ is None else environ
    try:
        text = Path(path).read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"the file {os.fspath(path)!r} cannot be read: {error}") from error
    new = {name: value for name, value in parse_dotenv(text, os.fspath(path)).items() if name not in target}
    target.update(new)
    return list(new)


def parse_dotenv(text: str, name: str = ".env") -> dict[str, str]:
    """Return the variables in the text of a file called `name`. Raises: ConfigError as `load_dotenv` does."""
    found: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        match = _LINE.fullmatch(line)
        if match is None:
            raise ConfigError(
                f"line {number} of {name!r} is no variable", hint="A line is NAME=value or NAME='a value'."
            )
        if match["double"] is not None:
            found[match["name"]] = _ESCAPE.sub(lambda one: _ESCAPES.get(one[1], one[1]), match["double"])
        else:
            found[match["name"]] = match["single"] if match["single"] is not None else match["plain"].rstrip()
    return found
