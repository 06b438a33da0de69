"""Functions of numbers for queries, which give floats: `db.Sqrt("area")`, `db.Power("side", 2)`, `db.Mod("n", 2)`."""

from spruce.db.functions import Function

__all__ = [
    "ACos",
    "ASin",
    "ATan",
    "ATan2",
    "Cos",
    "Cot",
    "Degrees",
    "Exp",
    "Ln",
    "Log",
    "Mod",
    "Pi",
    "Power",
    "Radians",
    "Random",
    "Sign",
    "Sin",
    "Sqrt",
    "Tan",
]


class ACos(Function):
    """The angle in radians whose cosine it is."""

    __slots__ = ()
    function = "acos"


class ASin(Function):
    """The angle in radians whose sine it is."""

    __slots__ = ()
    function = "asin"


class ATan(Function):
    """The angle in radians whose tangent it is."""

    __slots__ = ()
    function = "atan"


class Cos(Function):
    """The cosine of an angle in radians."""

    __slots__ = ()
    function = "cos"


class Cot(Function):
    """The cotangent of an angle in radians."""

    __slots__ = ()
    function = "cot"


class Degrees(Function):
    """An angle in degrees, of one in radians."""

    __slots__ = ()
    function = "degrees"


class Exp(Function):
    """e to the power of a number."""

    __slots__ = ()
    function = "exp"


class Ln(Function):
    """The natural logarithm."""

    __slots__ = ()
    function = "ln"


class Radians(Function):
    """An angle in radians, of one in degrees."""

    __slots__ = ()
    function = "radians"


class Sign(Function):
    """-1, 0 or 1, as a number is below, at or above 0."""

    __slots__ = ()
    function = "sign"


class Sin(Function):
    """The sine of an angle in radians."""

    __slots__ = ()
    function = "sin"


class Sqrt(Function):
    """The square root; null or an error of the database for a number below 0."""

    __slots__ = ()
    function = "sqrt"


class Tan(Function):
    """The tangent of an angle in radians."""

    __slots__ = ()
    function = "tan"


class ATan2(Function):
    """The angle in radians of a point, given by its y and x."""

    __slots__ = ()
    function = "atan2"
    least = most = 2


class Log(Function):
    """The logarithm of a second number to the base of a first."""

    __slots__ = ()
    function = "log"
    least = most = 2


class Mod(Function):
    """What is left of a first number when it is divided by a second; it has the sign of the first."""

    __slots__ = ()
    function = "mod"
    least = most = 2


class Power(Function):
    """A first number to the power of a second."""

    __slots__ = ()
    function = "power"
    least = most = 2


class Pi(Function):
    """The number π."""

    __slots__ = ()
    function = "pi"
    least = most = 0


class Random(Function):
    """A random number from 0 to 1, another for each row."""

    __slots__ = ()
    function = "random"
    least = most = 0
