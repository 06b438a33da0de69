"""Objects with aggregates, beside what belongs to each of them."""

from types import SimpleNamespace

from spruce import db


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
