"""The short name of a query, as Elastic's agents agreed on it: `SELECT FROM product`, `INSERT INTO cart`, `COMMIT`.

Only words are looked at, not grammar: comments are passed over, what is quoted counts as one word. What isn't
understood is named by its first word.
"""

import re
from collections.abc import Callable, Iterator
from functools import lru_cache

__all__ = ["signature_of"]

_TOKENS = re.compile(
    r"""
    (?P<skipped> \s+ | --[^\n]* | /\*.*?(?:\*/|$) )
  | (?P<text> '(?:''|[^'])*(?:'|$) | \$(?P<tag>[A-Za-z_]\w*|)\$.*?(?:\$(?P=tag)\$|$) )
  | (?P<quoted> "(?:[^"]|"")*" | `[^`]*` | \[[^\]]*\] )
  | (?P<word> [^\W\d][\w$]* )
  | (?P<number> \d[\w.]* )
  | (?P<sign> . )
    """,
    re.VERBOSE | re.DOTALL,
)
_LONGEST = 10_000  # characters that are looked at
_REMEMBERED = 2000
_MODIFIERS = frozenset({"IGNORE", "ONLY", "LOW_PRIORITY"})


@lru_cache(_REMEMBERED)
def signature_of(sql: str) -> str:
    """The name of a query; empty for an empty one."""
    tokens = _Tokens(sql[:_LONGEST])
    first = tokens.next()
    if first is None:
        return ""
    kind, word = first
    verb = word.upper() if kind == "word" else word
    return _READERS.get(verb, _first_word)(verb, tokens)


class _Tokens:
    """The tokens of a query, each a kind and a text; what was read can be put back once."""

    def __init__(self, sql: str) -> None:
        self._found = self._scan(sql)
        self._back: list[tuple[str, str]] = []

    @staticmethod
    def _scan(sql: str) -> Iterator[tuple[str, str]]:
        for found in _TOKENS.finditer(sql):
            kind = found.lastgroup or "sign"
            if kind == "tag":
                kind = "text"
            if kind != "skipped":
                yield kind, found[0]

    def next(self) -> tuple[str, str] | None:
        return self._back.pop() if self._back else next(self._found, None)

    def back(self, token: tuple[str, str] | None) -> None:
        if token is not None:
            self._back.append(token)

    def skip_to(self, word: str) -> bool:
        """Go behind a word that stands outside of parentheses; whether there is one."""
        depth = 0
        while (token := self.next()) is not None:
            if token[1] == "(":
                depth += 1
            elif token[1] == ")":
                depth -= 1
            elif depth == 0 and token[0] == "word" and token[1].upper() == word:
                return True
        return False

    def name(self) -> str:
        """Read a name with dots in it; empty if there is none."""
        parts: list[str] = []
        while (token := self.next()) is not None:
            kind, text = token
            if kind not in ("word", "quoted"):
                self.back(token)
                break
            parts.append(text[1:-1] if kind == "quoted" else text)
            token = self.next()
            if token is None or token[1] != ".":
                self.back(token)
                break
        return ".".join(parts)


def _first_word(verb: str, tokens: _Tokens) -> str:
    return verb


def _behind(word: str) -> Callable[[str, _Tokens], str]:
    def read(verb: str, tokens: _Tokens) -> str:
        name = tokens.name() if tokens.skip_to(word) else ""
        return f"{verb} {word} {name}" if name else verb

    return read


def _update(verb: str, tokens: _Tokens) -> str:
    token = tokens.next()
    while token is not None and token[0] == "word" and token[1].upper() in _MODIFIERS:
        token = tokens.next()
    tokens.back(token)
    return f"{verb} {tokens.name()}".rstrip()


def _call(verb: str, tokens: _Tokens) -> str:
    return f"{verb} {tokens.name()}".rstrip()


_READERS = {
    "SELECT": _behind("FROM"),
    "DELETE": _behind("FROM"),
    "INSERT": _behind("INTO"),
    "REPLACE": _behind("INTO"),
    "MERGE": _behind("INTO"),
    "UPDATE": _update,
    "CALL": _call,
}
