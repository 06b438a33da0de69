"""Functions that SQLite lacks, as our driver gives them to each connection."""

import math
import statistics
from decimal import ROUND_HALF_UP, Decimal

from spruce.db.types import EXACT

__all__ = ["SPREADS", "scale"]


def scale(units: int | None, operator: str, factor: str | None) -> int | None:
    """Multiply or divide a whole number of units, rounding halves away from zero. See arithmetic.py."""
    if units is None or factor is None:
        return None
    other = Decimal(factor)
    if operator == "/" and not other:
        return None  # as SQLite divides by zero
    exact = EXACT.multiply(Decimal(units), other) if operator == "*" else EXACT.divide(Decimal(units), other)
    return int(exact.to_integral_value(ROUND_HALF_UP))


class _Spread:
    """An aggregate that looks at all values: variance and standard deviation; None when there are too few."""

    least = 1

    def __init__(self) -> None:
        self.values: list[float] = []

    def step(self, value: float | None) -> None:
        """Take in the value of a row."""
        if value is not None:
            self.values.append(value)

    def finalize(self) -> float | None:
        """The result."""
        return self.result() if len(self.values) >= self.least else None

    def result(self) -> float:
        """The variance of all values."""
        return float(statistics.pvariance(self.values))


class _Sample(_Spread):
    least = 2

    def result(self) -> float:
        return float(statistics.variance(self.values))


class _Deviation(_Spread):
    def result(self) -> float:
        return math.sqrt(super().result())


class _SampleDeviation(_Sample):
    def result(self) -> float:
        return math.sqrt(super().result())


SPREADS: dict[str, type[_Spread]] = {
    "var_pop": _Spread,
    "var_samp": _Sample,
    "stddev_pop": _Deviation,
    "stddev_samp": _SampleDeviation,
}
"""Aggregates by their names in SQL."""
