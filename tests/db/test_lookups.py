"""Paths and lookups: what a keyword means, and what an error about one says."""

from types import SimpleNamespace

import pytest

from spruce.db.lookups import resolve
from spruce.errors import FieldError

pytestmark = pytest.mark.sqlite


@pytest.mark.parametrize(
    ("text", "steps", "field", "part", "lookup"),
    [
        ("price", [], "price", None, "exact"),
        ("price__gte", [], "price", None, "gte"),
        ("pk__in", [], "id", None, "in"),
        ("category", [], "category", None, "exact"),
        ("category_id__gt", [], "category", None, "gt"),
        ("category__pk", [], "category", None, "exact"),
        ("category__id__in", [], "category", None, "in"),
        ("category__isnull", [], "category", None, "isnull"),
        ("category__name__icontains", ["category"], "name", None, "icontains"),
        ("category__parent__maker__country", ["category", "parent", "maker"], "country", None, "exact"),
        ("category__parent__id", ["category"], "parent", None, "exact"),
        ("moment__year__gte", [], "moment", "year", "gte"),
        ("day__month", [], "day", "month", "exact"),
    ],
)
def test_what_a_path_means(
    shop: SimpleNamespace, text: str, steps: list[str], field: str, part: str | None, lookup: str
) -> None:
    """Relations, field, part of it, lookup; the key of a related object needs no join."""
    path = resolve(shop.Product, text)
    assert ([step.name for step in path.steps], path.field.name) == (steps, field)
    assert (path.part, path.lookup) == (part, lookup)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("prise__gt",
         "Product has no field 'prise' (in 'prise__gt'); did you mean 'price'? Fields: price, active, id, "
         "category_id, cost, name, note, stock, moment, weight, category, day."),
        ("zzz",
         "Product has no field 'zzz'. Fields: active, category, category_id, cost, day, id, moment, name, note, price, "
         "stock, weight."),
        ("category__nme",
         "Category has no field 'nme' (in 'category__nme'); did you mean 'name'? Fields: name, maker, maker_id, "
         "parent, children, parent_id, id, products."),
        ("price__gtt",
         "DecimalField Product.price has no lookup 'gtt' (in 'price__gtt'); did you mean 'gt'? Lookups: gt, gte, lt, "
         "lte, exact, range, in, isnull."),
        ("price__contains",
         "DecimalField Product.price has no lookup 'contains' (in 'price__contains'). Lookups: in, exact, gt, "
         "lt, gte, lte, range, isnull."),
        ("name__exact__gt",
         "'name__exact__gt': nothing can stand behind the lookup 'exact', and there is 'gt'"),
    ],
)  # fmt: skip
def test_errors_name_what_exists(shop: SimpleNamespace, text: str, message: str) -> None:
    """The nearest first."""
    with pytest.raises(FieldError) as refused:
        resolve(shop.Product, text)
    assert str(refused.value) == message


def test_nullable_paths(shop: SimpleNamespace) -> None:
    """A path may be null if its field or anything on the way may be."""
    assert not resolve(shop.Product, "price").nullable
    assert resolve(shop.Product, "stock").nullable
    assert resolve(shop.Product, "category__name").nullable
