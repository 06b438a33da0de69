"""What becomes of the rows that point to a row when that is deleted."""

import pytest

from spruce import db
from spruce.db.ondelete import OnDelete


@pytest.mark.parametrize(
    ("kind", "name", "clause"),
    [
        (db.CASCADE, "CASCADE", "CASCADE"),
        (db.PROTECT, "PROTECT", "RESTRICT"),
        (db.RESTRICT, "RESTRICT", "RESTRICT"),
        (db.SET_NULL, "SET_NULL", "SET NULL"),
        (db.SET_DEFAULT, "SET_DEFAULT", "NO ACTION"),
        (db.DO_NOTHING, "DO_NOTHING", "NO ACTION"),
        (db.SET(3), "SET", "NO ACTION"),
    ],
)
def test_each_has_its_name_and_what_the_database_does_by_itself(kind: OnDelete, name: str, clause: str) -> None:
    """SQL has no word for a default that the program computes, nor for another row."""
    assert (repr(kind), kind.ddl) == (name, clause)


def test_the_value_to_set_may_be_made_when_it_is_needed() -> None:
    made = iter([1, 2])
    kind = db.SET(lambda: next(made))
    assert [kind(), kind(), db.SET(3)()] == [1, 2, 3]
