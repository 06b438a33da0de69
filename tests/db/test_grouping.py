"""Objects with aggregates, beside what belongs to each of them."""

from types import SimpleNamespace

import pytest

from spruce import db
from spruce.errors import FieldError


def test_related_objects_and_aggregates(stocked: SimpleNamespace) -> None:
    """Loaded together, in the order of a related name, with an annotation that is no aggregate."""
    bears = stocked.Category.objects.select_related("maker", "parent").annotate(
        n=db.Count("products"), loud=db.Upper("maker__name")
    )
    assert [(each.name, each.n, each.loud, each.maker.name) for each in bears.order_by("maker__name")] == [
        ("bears", 2, "NOBODY", "Nobody"),
        ("toys", 1, "STEIFF", "Steiff"),
    ]
    assert [each.name for each in bears.order_by("-n", "parent__name")] == ["bears", "toys"]


def test_groups_of_equal_aggregates_are_refused(stocked: SimpleNamespace) -> None:
    """They would be groups of groups; what to do is told."""
    counted = stocked.Category.objects.annotate(n=db.Count("products"))
    with pytest.raises(FieldError) as refused:
        list(counted.values("n").annotate(m=db.Count("id")))
    assert str(refused.value) == (
        "annotate(m=…) behind values('n') would make groups of equal 'n', which is an aggregate of a group itself. "
        "Let values() name fields only; count the different 'n' in Python."
    )
