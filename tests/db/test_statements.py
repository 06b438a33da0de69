"""What the statements of databases on a server have in common."""

from decimal import Decimal

from spruce.db.statements import within_range


def test_numbers_are_brought_into_range() -> None:
    """Integers of more than 64 bits become the nearest that fits; if all fit, nothing is copied."""
    assert within_range((2**80, -(2**80), Decimal(10) ** 40, "x")) == [2**63 - 1, -(2**63), Decimal(10) ** 40, "x"]
    fitting = (1, None, 2**63 - 1)
    assert within_range(fitting) is fitting
