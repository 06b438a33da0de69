"""More functions of texts for queries, beside functions.py: `db.LPad("number", 6, db.Value("0"))`, `db.MD5("name")`."""

from typing import Any

from spruce.db.cases import Value
from spruce.db.functions import Function
from spruce.errors import FieldError

__all__ = [
    "MD5",
    "SHA1",
    "SHA224",
    "SHA256",
    "SHA384",
    "SHA512",
    "Chr",
    "Collate",
    "LPad",
    "Ord",
    "RPad",
    "Repeat",
    "Reverse",
    "Right",
]


class Right(Function):
    """The last characters of a text: `Right("name", 3)`."""

    __slots__ = ()
    function = "right"
    least = most = 2

    def __init__(self, text: Any, length: Any) -> None:
        if isinstance(length, int) and length < 1:
            raise FieldError(f"Right(…, {length}) takes a number of characters, 1 or more")
        self._make((text, length))


class LPad(Function):
    """A text of a given length: longer ones are cut, shorter ones filled up before it, with spaces unless told."""

    __slots__ = ()
    function = "lpad"
    least = most = 3

    def __init__(self, text: Any, length: Any, fill: Any = None) -> None:
        if isinstance(length, int) and length < 0:
            raise FieldError(f"{type(self).__name__}(…, {length}) takes a number of characters, 0 or more")
        self._make((text, length, Value(" ") if fill is None else fill))


class RPad(LPad):
    """A text of a given length: longer ones are cut, shorter ones filled up behind it, with spaces unless told."""

    __slots__ = ()
    function = "rpad"


class Repeat(Function):
    """A text so many times."""

    __slots__ = ()
    function = "repeat"
    least = most = 2

    def __init__(self, text: Any, number: Any) -> None:
        if isinstance(number, int) and number < 0:
            raise FieldError(f"Repeat(…, {number}) takes a number of times, 0 or more")
        self._make((text, number))


class Collate(Function):
    """A text as a collation of the database compares and orders it: `Collate("name", "nocase")`."""

    __slots__ = ()
    function = "collate"

    def __init__(self, text: Any, collation: str) -> None:
        if not collation.replace("_", "").replace("-", "").isalnum():
            raise FieldError(f"Collate(…, {collation!r}): that is no name of a collation")
        self._make((text,), collation)


class Reverse(Function):
    """A text from its end to its beginning."""

    __slots__ = ()
    function = "reverse"


class Chr(Function):
    """The character of a code."""

    __slots__ = ()
    function = "chr"


class Ord(Function):
    """The code of the first character of a text."""

    __slots__ = ()
    function = "ord"


class MD5(Function):
    """The MD5 of a text, in hexadecimal digits."""

    __slots__ = ()
    function = "md5"


class SHA1(Function):
    """The SHA-1 of a text, in hexadecimal digits; PostgreSQL needs its extension pgcrypto."""

    __slots__ = ()
    function = "sha1"


class SHA224(Function):
    """The SHA-224 of a text, in hexadecimal digits."""

    __slots__ = ()
    function = "sha224"


class SHA256(Function):
    """The SHA-256 of a text, in hexadecimal digits."""

    __slots__ = ()
    function = "sha256"


class SHA384(Function):
    """The SHA-384 of a text, in hexadecimal digits."""

    __slots__ = ()
    function = "sha384"


class SHA512(Function):
    """The SHA-512 of a text, in hexadecimal digits."""

    __slots__ = ()
    function = "sha512"
