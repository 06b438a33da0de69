"""Which transaction is open where. How they are used is in test_transactions.py."""

import pytest

from spruce import green
from spruce.db.opened import Open, find, innermost

pytestmark = pytest.mark.sqlite


def test_the_innermost_of_a_database_is_found_by_its_owner_only() -> None:
    """A child green thread inherits the variable, and has no transaction open."""
    one, other = object(), object()
    outer = Open(one, "outer", None)
    inner = Open(other, "inner", outer)
    token = innermost.set(inner)
    assert (find(one), find(other), find(object())) == (outer, inner, None)
    assert green.spawn(find, one).wait() is None
    innermost.reset(token)
    assert find(one) is None
