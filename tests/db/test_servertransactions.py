"""Transactions on a server; what they do is tested for each driver, and in test_transactions.py."""

import pytest

from spruce.db.servertransactions import level
from spruce.errors import TransactionError


def test_levels_of_isolation() -> None:
    """Written as in Python or in SQL."""
    assert level("Repeatable_Read") == "REPEATABLE READ"
    with pytest.raises(TransactionError) as refused:
        level("serialisable")
    assert str(refused.value) == (
        "there is no isolation level 'serialisable'; did you mean 'serializable'? "
        "Levels: read uncommitted, read committed, repeatable read, serializable."
    )
