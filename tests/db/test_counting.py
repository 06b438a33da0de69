"""Counting queries."""

import os
from types import SimpleNamespace

import pytest

from spruce import db, green


@pytest.mark.sqlite
def test_the_number_of_queries(stocked: SimpleNamespace) -> None:
    """And their SQL, if it is another."""
    with db.assert_num_queries(2) as seen:
        stocked.Maker.objects.count()
        stocked.Maker.objects.exists()
    assert len(seen) == 2
    with pytest.raises(AssertionError) as wrong, db.assert_num_queries(0):
        stocked.Maker.objects.filter(name="x").count()
    line = wrong.traceback[0].lineno + 2
    assert str(wrong.value) == (
        "1 queries ran, and 0 were expected:\n  1. SELECT count(*) AS count_1 FROM t_maker WHERE t_maker.name = ? "
        f"({os.path.relpath(__file__)}:{line})"
    )
    with pytest.raises(AssertionError) as wrong, db.assert_num_queries(1, using="other"):
        stocked.Maker.objects.count()
    assert str(wrong.value) == "0 queries ran, and 1 were expected: none"


def test_an_error_in_the_block_goes_through(stocked: SimpleNamespace) -> None:
    """It is what the test wants to know."""
    with pytest.raises(KeyError), db.assert_num_queries(5):
        raise KeyError


def test_other_green_threads_do_not_count(stocked: SimpleNamespace) -> None:
    """Only what the block itself runs."""
    with db.assert_num_queries(1):
        green.spawn(stocked.Maker.objects.count).wait()
        stocked.Maker.objects.count()
