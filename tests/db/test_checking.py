"""The checks of a query while it is built."""

from types import SimpleNamespace
from typing import Any

import pytest

from spruce.db import Count, F
from spruce.db.checking import check_op
from spruce.errors import FieldError

pytestmark = pytest.mark.sqlite


@pytest.mark.parametrize(
    "op",
    [
        ("filter", False, ("nope",), (int,)),
        ("get", False, ("nope",), (int,)),
        ("order", ("-nope",)),
        ("values", ("nope",)),
        ("list", ("name__gt",), False),
        ("update", ("nope",), (int,)),
        ("related", ("nope",)),
        ("aggregate", ("n",), (("aggregate", "sum", ("F", "nope"), False, None, None),)),
        ("annotate", ("n",), (("F", "nope"),), True),
    ],
)
def test_every_step_is_checked_when_it_is_first_taken(shop: SimpleNamespace, op: Any) -> None:
    """A wrong name is reported where it is written, not where the query runs."""
    with pytest.raises(FieldError, match=r"has no field|here stands the name of a field"):
        check_op(shop.Product, {}, op)


def test_select_related_takes_relations(shop: SimpleNamespace) -> None:
    """And says which there are."""
    with pytest.raises(FieldError) as refused:
        shop.Product.objects.select_related("name")
    assert str(refused.value) == (
        "select_related('name'): Product.name is no ForeignKey. Foreign keys of Product: category."
    )


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda makers: makers.annotate(name=Count("category")),
         "the annotation 'name' would hide Maker.name. Give it another name."),
        (lambda makers: makers.annotate(_db=Count("category")),
         "an annotation cannot be named '_db', which every object uses itself"),
        (lambda makers: makers.annotate(n=5), "5 is no expression. Name a field by db.F(\"…\")."),
        (lambda makers: makers.annotate(n=Count("category")).filter(nn=1),
         "Maker has no field 'nn'; did you mean 'n'? Fields: n, name, country, category, id."),
        (lambda makers: makers.annotate(n=Count("category")).filter(n__contains=1),
         "BigIntegerField Maker.n has no lookup 'contains' (in 'n__contains'). Lookups: in, exact, gt, lt, gte, lte, "
         "range, isnull."),
        (lambda makers: makers.filter(name=F("nope")),
         "Maker has no field 'nope'. Fields: name, country, category, id."),
        (lambda makers: makers.update(category__name="x"),
         "update(category__name=…) writes fields of Maker only. Update the other model."),
        (lambda makers: makers.select_related("category"),
         "select_related('category'): Category.id is no ForeignKey. Foreign keys of Category: parent, maker."),
    ],
)  # fmt: skip
def test_slips_are_told_where_they_are_made(shop: SimpleNamespace, build: Any, message: str) -> None:
    """Before any SQL."""
    with pytest.raises(FieldError) as refused:
        build(shop.Maker.objects)
    assert str(refused.value) == message


@pytest.mark.parametrize("name", ["x = stolen() or 1; o0.y", 'x" FROM t_maker --', "x y", "1a", "a-b", "class", ""])
def test_annotations_have_names_that_are_nothing_else(stocked: SimpleNamespace, name: str, queries: list[str]) -> None:
    """A program may make keywords of what a user sent: no part of a name gets into SQL or code."""
    products = stocked.Product.objects
    wrong = (
        f"an annotation cannot be named {name!r}. A name is made of letters, digits and underscores, does not begin "
    )
    for step in (products.annotate, products.alias, products.values, products.aggregate):
        with pytest.raises(FieldError) as refused:
            step(**{name: Count("pk")})
        assert str(refused.value) == wrong + "with a digit, and is no word of Python's."
    assert queries == []
