"""Orders."""

from types import SimpleNamespace

import pytest
import sqlalchemy as sa

from spruce.db.ordering import directed


@pytest.mark.parametrize(
    ("down", "nulls", "sql"),
    [
        (False, "", "c"),
        (True, "", "c DESC"),
        (False, "first", "c ASC NULLS FIRST"),
        (True, "last", "c DESC NULLS LAST"),
    ],
)
def test_directions(down: bool, nulls: str, sql: str) -> None:
    """As SQL spells them."""
    assert str(directed(sa.column("c"), down, nulls)) == sql


def test_parts_of_dates_are_ordered_by(stocked: SimpleNamespace) -> None:
    """Names may end in a part."""
    dated = stocked.Product.objects.exclude(day=None)
    assert list(dated.order_by("day__day", "-id").values_list("pk", flat=True)) == [4, 2, 1]
