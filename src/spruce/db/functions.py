"""Functions for queries: `db.Lower("name")`, `db.Coalesce("nick", "name")`, windows over rows.

A text given to a function is the name of a field; `db.Value("…")` is the text itself.
"""

import re
from typing import Any, ClassVar

from spruce.db.expressions import Term
from spruce.db.tokens import as_type, operand
from spruce.errors import FieldError

__all__ = [
    "Abs",
    "Ceil",
    "Coalesce",
    "Concat",
    "Floor",
    "Func",
    "Function",
    "Greatest",
    "JSONArray",
    "JSONObject",
    "LTrim",
    "Least",
    "Left",
    "Length",
    "Lower",
    "NullIf",
    "RTrim",
    "Replace",
    "Round",
    "StrIndex",
    "Substr",
    "Trim",
    "Upper",
]


_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class Function(Term):
    """A function of the database, of so many arguments: names of fields, values or terms.

    `output_field` reads the result as another type. One of a single argument can be registered as a transform, under
    its `lookup_name`.
    """

    __slots__ = ()
    function = ""
    least, most = 1, 1
    lookup_name: ClassVar[str] = ""
    bilateral: ClassVar[bool] = False

    def __init_subclass__(cls) -> None:
        """A function of one argument is called as the database calls it, unless it says otherwise."""
        super().__init_subclass__()
        if "lookup_name" not in vars(cls):
            cls.lookup_name = vars(cls).get("function", cls.lookup_name) if cls.least <= 1 <= cls.most else ""

    def __init__(self, *arguments: Any, output_field: Any = None) -> None:
        self._make(arguments)
        self.key = as_type(self.key, output_field)  # type: ignore[assignment] # a key is a tuple

    def _make(self, arguments: tuple[Any, ...], *options: Any) -> None:
        if not self.least <= len(arguments) <= self.most:
            wanted = str(self.least) if self.least == self.most else f"at least {self.least}"
            raise TypeError(f"{type(self).__name__}() takes {wanted} arguments, not {len(arguments)}")
        pairs = [operand(each) for each in arguments]
        self.key = ("call", self.function, tuple(pair[0] for pair in pairs), options)
        self.values = tuple(value for pair in pairs for value in pair[1])


class Func(Function):
    """A function of the database by its name: `Func("name", function="soundex", output_field=db.CharField())`.

    A subclass may have `function` in its body. Without an `output_field` the result is like the first argument.
    """

    __slots__ = ()
    function = ""

    def __init__(self, *arguments: Any, function: str = "", output_field: Any = None) -> None:
        name = function or self.function
        if not _NAME.fullmatch(name):
            raise FieldError(
                f"{type(self).__name__}(function={name!r}): that is no name of a function",
                hint="Letters, digits, underscores; for more, write a SQLAlchemy expression.",
            )
        pairs = [operand(each) for each in arguments]
        key = ("call", "func", tuple(pair[0] for pair in pairs), (name,))
        self.key = as_type(key, output_field)  # type: ignore[assignment] # a key is a tuple
        self.values = tuple(value for pair in pairs for value in pair[1])


class JSONObject(Function):
    """An object of JSON: `JSONObject(name="name", worth=db.F("price") * db.F("stock"))`."""

    __slots__ = ()
    function = "json_object"
    least, most = 1, 50

    def __init__(self, **parts: Any) -> None:
        self._make(tuple(parts.values()), *parts)


class JSONArray(Function):
    """A list of JSON: `JSONArray("name", "price")`."""

    __slots__ = ()
    function = "json_array"
    least, most = 1, 100


class Lower(Function):
    """Text in lower case; on SQLite of ASCII letters only."""

    __slots__ = ()
    function = "lower"


class Upper(Function):
    """Text in upper case; on SQLite of ASCII letters only."""

    __slots__ = ()
    function = "upper"


class Length(Function):
    """How many characters a text has."""

    __slots__ = ()
    function = "length"


class Trim(Function):
    """Text without spaces at its ends."""

    __slots__ = ()
    function = "trim"


class LTrim(Function):
    """Text without spaces at its beginning."""

    __slots__ = ()
    function = "ltrim"


class RTrim(Function):
    """Text without spaces at its end."""

    __slots__ = ()
    function = "rtrim"


class Replace(Function):
    """Text with each occurrence of a second text replaced by a third: `Replace("name", Value("a"), Value("b"))`."""

    __slots__ = ()
    function = "replace"
    least = most = 3


class Substr(Function):
    """A part of a text: from a position, counted from 1, and of a length, to the end if none is given."""

    __slots__ = ()
    function = "substr"
    least, most = 2, 3


class Left(Function):
    """The first characters of a text: `Left("name", 3)`."""

    __slots__ = ()
    function = "substr"
    least = most = 3

    def __init__(self, text: Any, length: Any) -> None:
        self._make((text, 1, length))


class StrIndex(Function):
    """The position of a text in another, counted from 1; 0 when it is not in it."""

    __slots__ = ()
    function = "strindex"
    least = most = 2


class Concat(Function):
    """Texts one behind the other; null counts as nothing."""

    __slots__ = ()
    function = "concat"
    least, most = 2, 100


class Coalesce(Function):
    """The first that is not null."""

    __slots__ = ()
    function = "coalesce"
    least, most = 2, 100


class NullIf(Function):
    """The first, or null if both are equal."""

    __slots__ = ()
    function = "nullif"
    least = most = 2


class Greatest(Function):
    """The largest; on SQLite null if any is null, on PostgreSQL if all are."""

    __slots__ = ()
    function = "greatest"
    least, most = 2, 100


class Least(Function):
    """The smallest; on SQLite null if any is null, on PostgreSQL if all are."""

    __slots__ = ()
    function = "least"
    least, most = 2, 100


class Abs(Function):
    """A number without its sign."""

    __slots__ = ()
    function = "abs"


class Ceil(Function):
    """The next whole number above."""

    __slots__ = ()
    function = "ceil"


class Floor(Function):
    """The next whole number below."""

    __slots__ = ()
    function = "floor"


class Round(Function):
    """A number rounded to `precision` places, halves away from zero."""

    __slots__ = ()
    function = "round"

    def __init__(self, number: Any, precision: int = 0) -> None:
        if not isinstance(precision, int) or precision < 0:
            raise FieldError(f"Round(precision={precision!r}) takes a number of places, 0 or more")
        self._make((number,), precision)
