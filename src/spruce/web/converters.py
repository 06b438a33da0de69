"""Converters: what the variables of a rule accept and become, as `int` in `/blog/<int:post_id>`."""

import re
from collections.abc import Callable
from typing import Any, ClassVar
from urllib.parse import quote
from uuid import UUID

__all__ = [
    "CONVERTERS",
    "AnyConverter",
    "BaseConverter",
    "FloatConverter",
    "IntegerConverter",
    "Matcher",
    "NumberConverter",
    "PathConverter",
    "UUIDConverter",
    "UnicodeConverter",
    "ValidationError",
]

Matcher = Callable[[str], Any]
"""Takes the text of a URL and returns the value of a variable. Raises: ValueError when the text does not fit."""

_SAFE = "!$&'()*+,/:;=@"
_SAFE_IN_PART = _SAFE.replace("/", "")


class ValidationError(ValueError):
    """Raised by a converter's `to_python`: this text is none of mine, so try the next rule."""


class BaseConverter:
    """The base of converters; one of your own sets `regex` and overrides `to_python` and `to_url`.

    Register it with `app.url_map.converters["name"] = YourConverter`. `router` is the one that it belongs to; what
    stands in brackets behind its name in a rule comes as further arguments. A `regex` that matches slashes needs
    `part_isolating = False`. Of several that fit, the one of the lowest `weight` is tried first.
    """

    regex: str = "[^/]+"
    weight: ClassVar[int] = 100
    part_isolating: ClassVar[bool] = True

    def __init__(self, router: object, *args: Any, **kwargs: Any) -> None:
        if args or kwargs:
            raise TypeError("it takes no arguments")
        self.map = router

    def __init_subclass__(cls) -> None:
        if "regex" in cls.__dict__ and "part_isolating" not in cls.__dict__:
            cls.part_isolating = "/" not in cls.regex.replace("[^/", "")

    def to_python(self, value: str) -> Any:
        """Return the value of a text that `regex` matches. Raises: ValueError when it does not fit after all."""
        return value

    def to_url(self, value: Any) -> str:
        """Return `value` as it stands in a URL, percent-encoded. Raises: ValueError when it cannot.

        A slash is encoded too where the converter matches none, so that a value never leads to another path.
        """
        return quote(str(value), safe=_SAFE_IN_PART if self.part_isolating else _SAFE)

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema of the texts, for the documentation of an API."""
        return {"type": "string"}

    def matcher(self) -> Matcher | None:
        """Return what the router calls with each text, or None when every text of one segment fits as it is."""
        fullmatch = re.compile(self.regex).fullmatch

        def match(text: str) -> Any:
            if fullmatch(text) is None:
                raise ValueError(text)
            return self.to_python(text)

        return match


class UnicodeConverter(BaseConverter):
    """`string`, the default: any text without a slash; `minlength`, `maxlength` or `length` count characters."""

    def __init__(
        self, router: object, minlength: int = 1, maxlength: int | None = None, length: int | None = None
    ) -> None:
        super().__init__(router)
        low, high = (length, length) if length is not None else (max(minlength, 1), maxlength)
        self.low, self.high = low, high
        self.limited = (low, high) != (1, None)
        self.regex = f"[^/]{{{low},{'' if high is None else high}}}" if self.limited else "[^/]+"

    def schema(self) -> dict[str, Any]:
        """Return the schema of a text with its lengths."""
        longest = {} if self.high is None else {"maxLength": self.high}
        return {"type": "string", "minLength": self.low, **longest}

    def matcher(self) -> Matcher | None:
        """Return None unless a length is asked for."""
        return super().matcher() if self.limited else None


class PathConverter(BaseConverter):
    """`path`: any text, slashes included, that does not begin with one."""

    regex = "[^/].*?"
    weight = 200
    part_isolating = False


class AnyConverter(BaseConverter):
    """`any(a,b)`: one of the given texts."""

    def __init__(self, router: object, *items: object) -> None:
        super().__init__(router)
        self.items = frozenset(str(item) for item in items)
        self.regex = f"(?:{'|'.join(re.escape(item) for item in sorted(self.items))})"

    def to_url(self, value: Any) -> str:
        """Return `value`, which must be one of the given texts."""
        if str(value) not in self.items:
            raise ValueError(f"it is none of {', '.join(map(repr, sorted(self.items)))}")
        return super().to_url(value)

    def schema(self) -> dict[str, Any]:
        """Return the schema of the given texts."""
        return {"type": "string", "enum": sorted(self.items)}


class NumberConverter(BaseConverter):
    """The base of `int` and `float`; `min` and `max` are inclusive, `signed` lets a minus stand before the digits."""

    weight = 50
    number: ClassVar[type[int] | type[float]] = int
    digits: ClassVar[str] = "[0-9]+"

    def __init__(
        self,
        router: object,
        fixed_digits: int = 0,
        min: float | None = None,  # noqa: A002 - the name that rules use
        max: float | None = None,  # noqa: A002 - the name that rules use
        signed: bool = False,
    ) -> None:
        super().__init__(router)
        self.fixed_digits, self.min, self.max, self.signed = fixed_digits, min, max, signed
        self.regex = f"-?{self.digits}" if signed else self.digits

    def to_python(self, value: str) -> Any:
        """Return the number. Raises: ValueError when it has another count of digits or is out of bounds."""
        number = self.number(value)
        if (self.fixed_digits and len(value) != self.fixed_digits) or not self._within(number):
            raise ValueError(value)
        return number

    def to_url(self, value: Any) -> str:
        """Return the number in digits. Raises: ValueError when it is none or out of bounds."""
        number = self.number(value)
        if not self._within(number) or (number < 0 and not self.signed):
            raise ValueError("it is out of the converter's bounds")
        return str(number).zfill(self.fixed_digits) if self.fixed_digits else str(number)

    def schema(self) -> dict[str, Any]:
        """Return the schema of a number within the bounds."""
        low = self.min if self.min is not None or self.signed else 0
        bounds = {"minimum": low, "maximum": self.max}
        given = {name: bound for name, bound in bounds.items() if bound is not None}
        return {"type": "integer" if self.number is int else "number", **given}

    def _within(self, number: float) -> bool:
        return (self.min is None or number >= self.min) and (self.max is None or number <= self.max)


class IntegerConverter(NumberConverter):
    """`int`: digits; `int(signed=True)`, `int(min=1, max=99)`, `int(fixed_digits=4)`."""

    def matcher(self) -> Matcher | None:
        """Return a shorter way for the usual case, an integer without conditions."""
        usual = not self.fixed_digits and not self.signed and self.min is None and self.max is None
        return _digits if usual and type(self) is IntegerConverter else super().matcher()


class FloatConverter(NumberConverter):
    """`float`: digits with a point between; takes what `int` takes but for `fixed_digits`."""

    number = float
    digits = r"[0-9]+\.[0-9]+"

    def __init__(
        self,
        router: object,
        min: float | None = None,  # noqa: A002 - the name that rules use
        max: float | None = None,  # noqa: A002 - the name that rules use
        signed: bool = False,
    ) -> None:
        super().__init__(router, min=min, max=max, signed=signed)


class UUIDConverter(BaseConverter):
    """`uuid`: a UUID in its usual form of 36 characters."""

    weight = 60
    regex = "[A-Fa-f0-9]{8}-[A-Fa-f0-9]{4}-[A-Fa-f0-9]{4}-[A-Fa-f0-9]{4}-[A-Fa-f0-9]{12}"

    def to_python(self, value: str) -> UUID:
        """Return the UUID."""
        return UUID(value)

    def schema(self) -> dict[str, Any]:
        """Return the schema of a UUID."""
        return {"type": "string", "format": "uuid"}


def _digits(text: str) -> int:
    if text.isdigit() and text.isascii():
        return int(text)
    raise ValueError(text)


CONVERTERS: dict[str, type[BaseConverter]] = {
    "any": AnyConverter,
    "default": UnicodeConverter,
    "float": FloatConverter,
    "int": IntegerConverter,
    "path": PathConverter,
    "string": UnicodeConverter,
    "uuid": UUIDConverter,
}
