"""Many objects by few statements."""

from types import SimpleNamespace

import pytest

from spruce.db import F
from spruce.errors import FieldError, IntegrityError


def test_rows_in_the_way_are_left_alone(stocked: SimpleNamespace) -> None:
    """With ignore_conflicts."""
    new = [stocked.Category(name="toys"), stocked.Category(name="cars")]
    with pytest.raises(IntegrityError):
        stocked.Category.objects.bulk_create(new)
    assert stocked.Category.objects.bulk_create(new, ignore_conflicts=True) == new
    assert list(stocked.Category.objects.order_by("id").values_list("name", flat=True)) == ["toys", "bears", "cars"]


def test_rows_in_the_way_are_written_to(stocked: SimpleNamespace) -> None:
    """With update_conflicts, the fields that are named."""
    new = [stocked.Category(name="toys", parent=stocked.bears), stocked.Category(id=9, name="cars")]
    stocked.Category.objects.bulk_create(new, update_conflicts=True, update_fields=["parent"], unique_fields=["name"])
    assert list(stocked.Category.objects.order_by("id").values_list("id", "parent_id", "maker_id")) == [
        (1, 2, 1),
        (2, 1, 2),
        (9, None, None),
    ]
    with pytest.raises(FieldError) as refused:
        stocked.Category.objects.bulk_create(new, update_conflicts=True)
    assert str(refused.value) == (
        "bulk_create(update_conflicts=True) needs update_fields and unique_fields, and no ignore_conflicts"
    )


def test_fields_of_many_objects(stocked: SimpleNamespace, queries: list[str]) -> None:
    """Values and expressions, by one statement for a batch."""
    products = list(stocked.Product.objects.all())
    for product in products:
        product.name = product.name[:2]
        product.stock = product.pk
    products[0].stock = F("stock") + 10
    queries.clear()
    assert stocked.Product.objects.bulk_update(products, ["name", "stock"]) == 4
    assert len(queries) == 1
    assert list(stocked.Product.objects.values_list("name", "stock")) == [("be", 15), ("熊猫", 2), ("ca", 3), ("bo", 4)]
    assert stocked.Product.objects.bulk_update(products[1:], ["stock"], batch_size=2) == 3
    assert stocked.Product.objects.bulk_update([], ["stock"]) == 0


@pytest.mark.parametrize(
    ("fields", "saved", "message"),
    [
        ([], True, "bulk_update() needs the names of the fields to write"),
        (["id"], True, "bulk_update() cannot write primary keys"),
        (["name"], False, "bulk_update() takes saved objects only. Save them with bulk_create()."),
        (["nme"], True, "Maker has no field 'nme'; did you mean 'name'?"),
    ],
)
def test_what_bulk_update_refuses(stocked: SimpleNamespace, fields: list[str], saved: bool, message: str) -> None:
    """Before anything is written."""
    maker = stocked.steiff if saved else stocked.Maker(name="x")
    with pytest.raises(FieldError) as refused:
        stocked.Maker.objects.bulk_update([maker], fields)
    assert str(refused.value) == message


def test_objects_by_their_keys(stocked: SimpleNamespace) -> None:
    """Or by another unique field."""
    categories = stocked.Category.objects
    assert categories.in_bulk([1, 9]) == {1: stocked.toys}
    assert categories.in_bulk() == {1: stocked.toys, 2: stocked.bears}
    assert categories.in_bulk(["bears"], field_name="name") == {"bears": stocked.bears}
    with pytest.raises(FieldError) as refused:
        stocked.Maker.objects.in_bulk(["x"], field_name="name")
    assert str(refused.value) == "in_bulk(field_name='name'): Maker.name is not unique. Use filter()."


def test_objects_go_to_the_database_in_batches(shop: SimpleNamespace) -> None:
    """All of them or none."""
    made = shop.Maker.objects.bulk_create([shop.Maker(name=str(number)) for number in range(5)], 2)
    assert [each.name for each in made] == ["0", "1", "2", "3", "4"]
    assert None not in [each.pk for each in made]
    with pytest.raises(ValueError, match="a batch has 1 object at least"):
        shop.Maker.objects.bulk_create([], batch_size=0)


def test_bulk_update_takes_the_keys_of_objects_that_were_saved_since(stocked: SimpleNamespace) -> None:
    """As save() does."""
    box = stocked.Product.objects.get(name="box")
    box.category = stocked.Category(name="new")
    box.category.save()
    stocked.Product.objects.bulk_update([box], ["category"])
    box.refresh_from_db()
    assert box.category.name == "new"
