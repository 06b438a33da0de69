"""Patterns with `*`, as Elastic's settings have them: for the names of fields, and for paths."""

import re
from collections.abc import Iterable
from functools import lru_cache

__all__ = ["Patterns"]

_SENSITIVE = "(?-i)"
_REMEMBERED = 2000


class Patterns:
    """A list of patterns: `*` stands for any text; case doesn't matter unless a pattern begins with `(?-i)`."""

    def __init__(self, patterns: Iterable[str]) -> None:
        self.patterns = tuple(patterns)
        insensitive = [_expression(one) for one in self.patterns if not one.startswith(_SENSITIVE)]
        sensitive = [_expression(one[len(_SENSITIVE) :]) for one in self.patterns if one.startswith(_SENSITIVE)]
        parts = [f"(?i:{'|'.join(insensitive)})"] if insensitive else []
        parts += [f"(?:{'|'.join(sensitive)})"] if sensitive else []
        self._expression = re.compile("|".join(parts), re.DOTALL) if parts else None
        self.match = lru_cache(_REMEMBERED)(self._match)

    def __bool__(self) -> bool:
        return bool(self.patterns)

    def __repr__(self) -> str:
        return f"<Patterns {', '.join(self.patterns)}>"

    def _match(self, text: str) -> bool:
        return self._expression is not None and self._expression.fullmatch(text) is not None


def _expression(pattern: str) -> str:
    return f"(?:{'.*'.join(map(re.escape, pattern.strip().split('*')))})"
