"""Choices as enumerations: `class Size(db.TextChoices): SMALL = "s", "small"`."""

import enum
from collections.abc import Iterable
from typing import Any

from spruce.errors import ModelError
from spruce.i18n.lazytext import LazyText

__all__ = ["Choices", "IntegerChoices", "TextChoices", "pairs"]


class ChoicesType(enum.EnumMeta):
    """The class of choices: what all members have, as lists."""

    @property
    def choices(cls) -> list[tuple[Any, str]]:
        """Values with labels."""
        return [(member.value, member.label) for member in cls]  # type: ignore[var-annotated] # members of cls

    @property
    def values(cls) -> list[Any]:
        """The values."""
        return [value for value, _ in cls.choices]

    @property
    def labels(cls) -> list[str]:
        """The labels."""
        return [label for _, label in cls.choices]

    @property
    def names(cls) -> list[str]:
        """The names of the members."""
        return [member.name for member in cls]  # type: ignore[var-annotated] # members of cls

    def __contains__(cls, member: object) -> bool:
        return member in cls.values or isinstance(member, cls)


class Choices(enum.Enum, metaclass=ChoicesType):
    """A member is a value with a label: `SMALL = "s", "small"`; without one the label is made of the name."""

    label: str

    def __new__(cls, value: Any, label: str = "") -> Any:
        """Keep the label apart from the value."""
        base: Any = next(kind for kind in (str, int, object) if issubclass(cls, kind))
        made = object.__new__(cls) if base is object else base.__new__(cls, value)
        made._value_ = value
        made.label = label
        return made

    def __init__(self, *_: object) -> None:
        self.label = self.label or self.name.replace("_", " ").title()

    def __str__(self) -> str:
        return str(self.value)


class TextChoices(str, Choices):
    """Choices that are texts."""


class IntegerChoices(int, Choices):
    """Choices that are whole numbers."""


def pairs(given: Any) -> tuple[tuple[Any, str], ...]:
    """Values with labels, from a class of choices, pairs, or groups of pairs. Raises ModelError."""
    if isinstance(given, ChoicesType):
        return tuple(given.choices)
    made: list[tuple[Any, str]] = []
    for each in given.items() if isinstance(given, dict) else given:
        if not isinstance(each, tuple | list) or len(each) != 2:
            raise ModelError(f"choices are pairs of a value and its label, not {each!r}")
        inner = each[1]
        grouped = isinstance(inner, Iterable) and not isinstance(inner, str | LazyText)
        label: Any = inner if isinstance(inner, LazyText) else str(inner)  # which says it in each reader's language
        made += pairs(inner) if grouped else [(each[0], label)]
    return tuple(made)
