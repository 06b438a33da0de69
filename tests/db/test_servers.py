"""What every driver of a database on a server does alike; see also the tests of each driver."""

from decimal import Decimal

import pytest

from spruce.db.servers import level, within_range
from spruce.errors import TransactionError


def test_numbers_are_brought_into_range() -> None:
    """Integers of more than 64 bits become the nearest that fits; if all fit, nothing is copied."""
    assert within_range((2**80, -(2**80), Decimal(10) ** 40, "x")) == [2**63 - 1, -(2**63), Decimal(10) ** 40, "x"]
    fitting = (1, None, 2**63 - 1)
    assert within_range(fitting) is fitting


def test_levels_of_isolation() -> None:
    """Written as in Python or in SQL."""
    assert level("Repeatable_Read") == "REPEATABLE READ"
    with pytest.raises(TransactionError) as refused:
        level("serialisable")
    assert str(refused.value) == (
        "there is no isolation level 'serialisable'; did you mean 'serializable'? "
        "Levels: read uncommitted, read committed, repeatable read, serializable."
    )
