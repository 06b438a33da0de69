"""Texts and values as they can be written down: visitors and programs may give what has no UTF-8, or is no JSON."""

from collections.abc import Mapping
from typing import Any

__all__ = ["kept_text", "plain"]


def kept_text(value: Any) -> Any:
    """A text that has UTF-8: halves of pairs (surrogates) become `?`. What is no text stays as it is."""
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) and not value.isascii() else value


def plain(value: Any) -> Any:
    """The same in all that a value holds, with texts as keys. Raises RecursionError for what holds itself."""
    if isinstance(value, Mapping):
        return {kept_text(str(name)): plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    return kept_text(value)
