"""The checks of a query while it is built: whatever a user sends, no part of it becomes SQL or code."""

from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spruce import db
from spruce.db import Count, F
from spruce.db.checking import check_op
from spruce.errors import DataError, FieldError

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


NAUGHTY = [
    "'", '"', "''", '"; DROP TABLE t_maker; --', "' OR '1'='1", "1; DROP TABLE t_maker", "') OR ('1'='1", "\\", "\\'",
    "%", "_", "%s", "%(x)s", ":name", ":p0", "?", "{}", "{0.__class__}", "$1", "/*", "*/", "--", "#", "\x00", "\x1a",
    "'; import os; os.abort()", "x = stolen() or 1; o0.y", "__import__('os')", "name__", "__name", "pk__in__in", "\n",
    "name__gt__lt", "category__maker__name__nope", "é", "\u202e", "ﷺ", "\ud800", "0x1F", "NaN", "null", "Ω≈ç",
    "田中さん", "🏳️‍🌈", "x" * 5000,
]  # fmt: skip
TEXTS = st.one_of(st.sampled_from(NAUGHTY), st.text(max_size=20))
LOOKUPS = st.sampled_from(
    ["exact", "iexact", "contains", "icontains", "startswith", "endswith", "gt", "lte", "in", "regex"]
)
ONCE = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], derandomize=True
)


@ONCE
@given(TEXTS, LOOKUPS)
def test_values_never_stand_in_sql(stocked: SimpleNamespace, text: str, lookup: str) -> None:
    """The statement is the same as that for a plain text, in filters, orders, updates and annotations."""
    products = stocked.Product.objects

    def statements(value: str) -> list[str]:
        given: Any = [value] if lookup == "in" else value
        return [
            products.filter(**{f"name__{lookup}": given}).query.sql,
            products.exclude(db.Q(**{f"category__name__{lookup}": given})).query.sql,
            products.annotate(x=db.Concat("name", db.Value(value))).order_by(db.Lower(db.Value(value))).query.sql,
        ]

    try:
        found = statements(text)
        products.filter(name=text).update(note=text)
        list(products.filter(**{f"name__{lookup}": [text] if lookup == "in" else text}))
    except DataError:  # NUL, surrogates, what is no regular expression
        return
    assert found == statements("plain")
    assert products.count() == 4


@ONCE
@given(TEXTS)
def test_names_are_looked_up_and_nothing_else(stocked: SimpleNamespace, name: str) -> None:
    """Keywords and orders that a program made of what was sent: a field, or an error that says so."""
    products = stocked.Product.objects
    steps: list[Any] = [
        lambda: list(products.filter(**{name: 1})),
        lambda: list(products.filter(**{f"name__{name}": "x"})),
        lambda: list(products.order_by(name)),
        lambda: list(products.values(name)),
        lambda: list(products.values_list(f"category__{name}")),
        lambda: list(products.annotate(**{name: db.F("pk")})),
        lambda: products.aggregate(**{name: db.Count("pk")}),
        lambda: list(products.only(name)),
        lambda: list(products.annotate(x=db.Sum(name))),
        lambda: products.update(**{name: "x"}),
        lambda: stocked.Product(**{name: "x"}),
        lambda: list(products.dates("day", name)),
        lambda: list(products.select_related(name)),
        lambda: list(products.prefetch_related(name)),
    ]
    for step in steps:
        try:
            step()
        except (FieldError, DataError):
            pass
        assert stocked.Maker.objects.count() == 2


@pytest.mark.parametrize("name", ["nam", "categry", "category__nam", "name__contain", "day__yera", "pricey"])
def test_errors_name_what_is_nearest(stocked: SimpleNamespace, name: str) -> None:
    """Fields, relations and lookups, wherever they are named."""
    products = stocked.Product.objects
    steps: list[Any] = [lambda: products.filter(**{name: 1})]
    if "__contain" not in name and "yera" not in name:
        steps += [
            lambda: products.order_by(f"-{name}"),
            lambda: products.values(name),
            lambda: products.annotate(x=db.F(name)),
            lambda: products.only(name),
            lambda: products.aggregate(db.Max(name)),
        ]
    for step in steps:
        with pytest.raises(FieldError) as refused:
            step()
        assert "; did you mean '" in str(refused.value)
