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


def test_groups_by_what_another_query_finds(stocked: SimpleNamespace) -> None:
    """An Exists or a Subquery makes groups, as a column does."""
    dear = stocked.Product.objects.filter(category=db.OuterRef("pk"), price__gt=20)
    counted = stocked.Category.objects.values_list(db.Exists(dear)).annotate(n=db.Count("*"))
    assert dict(counted) == {True: 1, False: 1}
    first = stocked.Product.objects.filter(category=db.OuterRef("pk")).order_by("id").values("name")[:1]
    named = stocked.Category.objects.annotate(label=db.Subquery(first)).values("label").annotate(n=db.Count("*"))
    assert sorted((each["label"], each["n"]) for each in named) == [("bear", 1), ("car", 1)]


def test_what_stands_beside_an_aggregate_makes_groups(stocked: SimpleNamespace) -> None:
    """The sum of equal rows, and for each of them what differs."""
    query = stocked.Product.objects.order_by().values("category__name")
    found = query.annotate(more=db.Sum("stock") + db.F("stock")).filter(category=stocked.bears, stock__isnull=False)
    assert list(found) == [{"category__name": "bears", "more": 10}]
    grouped = query.filter(category=stocked.bears).annotate(n=db.Count("pk") + db.F("price") * 0)
    assert len(grouped) == 2


def test_an_annotation_over_many_rows_splits_objects_with_aggregates(stocked: SimpleNamespace) -> None:
    """Whichever comes first, as in Django."""
    dear = db.Case(db.When(products__price__gt=20, then=True), default=False)
    toys = stocked.Category.objects.order_by("id")
    assert toys.annotate(n=db.Count("products"), dear=dear).count() == 3
    assert toys.annotate(dear=dear, n=db.Count("products")).count() == 3
    found = toys.annotate(dear=dear).annotate(n=db.Count("products")).values_list("name", "dear", "n")
    assert sorted(found) == [("bears", False, 1), ("bears", True, 1), ("toys", False, 1)]


def test_values_of_several_rows_make_groups_of_their_own(stocked: SimpleNamespace) -> None:
    """Which is what they are beside an aggregate, as Django has it; never those of any one row."""
    counted = stocked.Category.objects.annotate(n=db.Count("products"))
    assert sorted(counted.values_list("name", "n", "products__name")) == [
        ("bears", 1, "bear"), ("bears", 1, "熊猫公仔"), ("toys", 1, "car"),
    ]  # fmt: skip
    assert sorted(counted.filter(n=1).values_list("products__stock", flat=True), key=str) == [0, 5, None]
    assert sorted(counted.values_list("n", "maker__name")) == [(1, "Steiff"), (2, "Nobody")]
    assert counted.values("products__name").count() == 3
