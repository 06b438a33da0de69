"""Transactions of SQLite; what all databases do alike is in test_transactions.py."""

from types import SimpleNamespace

import pytest

from spruce.db.databases import current
from spruce.db.sqlite_transactions import Inherited
from spruce.errors import TransactionError

pytestmark = pytest.mark.sqlite


def test_a_transaction_has_a_connection_to_itself(shop: SimpleNamespace) -> None:
    """One for each OS thread, beside that for single statements, and it is used again."""
    driver = current()["default"].driver
    used = []
    for _ in range(2):
        transaction = driver.begin()
        used.append(transaction.raw)
        transaction.rollback()
    shop.Maker.objects.count()
    assert used[0] is used[1] is not driver._local.raw


def test_what_is_over_is_not_ended_again(shop: SimpleNamespace) -> None:
    """Neither by its owner nor by the end of its green thread."""
    driver = current()["default"].driver
    transaction = driver.begin()
    transaction.rollback()
    again = driver.begin()
    transaction.rollback()
    assert again.rows("SELECT 1", ()) == [(1,)]
    again.rollback()


def test_a_transaction_of_the_parent_is_of_no_use_in_a_child() -> None:
    """It would write to the parent's file by the parent's lock."""
    with pytest.raises(TransactionError) as refused:
        Inherited().execute("SELECT 1", ())
    assert str(refused.value) == (
        "this transaction was begun before os.fork() and belongs to the parent process. "
        "Fork outside of `with db.atomic()`."
    )
