"""What a ForeignKey leads to, loaded when it is touched."""

from types import SimpleNamespace
from typing import Any

import pytest

from spruce import db
from spruce.errors import DataError, FieldError, FieldFetchBlocked, IntegrityError


def test_a_related_object_is_loaded_when_touched_and_kept(stocked: SimpleNamespace, queries: list[str]) -> None:
    """The key needs no query at all."""
    product = stocked.Product.objects.get(pk=1)
    assert product.category_id == 2
    assert len(queries) == 1
    assert product.category.name == "bears"
    assert product.category is product.category
    assert len(queries) == 2


def test_one_touch_loads_for_the_whole_result(stocked: SimpleNamespace, queries: list[str]) -> None:
    """Three products, their categories, those categories' makers: three queries."""
    products = list(stocked.Product.objects.filter(category__isnull=False))
    assert [product.category.maker.name for product in products] == ["Nobody", "Nobody", "Steiff"]
    assert len(queries) == 3
    assert products[0].category is products[1].category


def test_select_related_needs_one_query(stocked: SimpleNamespace, queries: list[str]) -> None:
    """Missing ones are None."""
    products = list(stocked.Product.objects.select_related("category__maker", "category__parent"))
    found = [(each.category and each.category.maker.name, each.category and each.category.parent) for each in products]
    assert [maker for maker, _ in found] == ["Nobody", "Nobody", "Steiff", None]
    assert [str(parent) for _, parent in found] == ["toys", "toys", "None", "None"]
    assert len(queries) == 1


def test_assigning_an_object_sets_the_key_and_back(stocked: SimpleNamespace) -> None:
    """A key that was changed is followed."""
    product = stocked.Product.objects.get(pk=1)
    product.category = stocked.toys
    assert (product.category_id, product.category) == (stocked.toys.pk, stocked.toys)
    product.category_id = stocked.bears.pk
    assert product.category.name == "bears"
    product.category_id = None
    assert product.category is None
    product.category = None
    assert product.category_id is None


def test_an_object_may_be_assigned_before_it_is_saved(shop: SimpleNamespace) -> None:
    """Its key is taken over at the save; without one the save is refused."""
    toys = shop.Category(name="toys")
    product = shop.Product(name="bear", price=1, category=toys)
    assert product.category is toys
    with pytest.raises(DataError) as refused:
        product.save()
    assert str(refused.value) == "Product.category is a Category that is not saved yet. Call its save() first."
    toys.save()
    product.save()
    assert shop.Product.objects.get(category=toys).category == toys


def test_only_objects_of_the_model_can_be_assigned(shop: SimpleNamespace) -> None:
    """A key goes to the attribute that holds keys."""
    with pytest.raises(DataError) as refused:
        shop.Product(name="bear", price=1, category=3)
    assert str(refused.value) == (
        "Product.category takes a Category or None, not 3. To set the key, assign to category_id."
    )
    with pytest.raises(FieldError) as wrong:
        shop.Product.objects.update(category=shop.Maker(id=3, name="x"))
    assert str(wrong.value) == "category takes a Category, not a Maker"


def test_a_row_that_does_not_exist(shop: SimpleNamespace) -> None:
    """The database refuses a key of nothing; a required relation that is not set says so."""
    with pytest.raises(IntegrityError, match="a row would point to one that does not exist"):
        shop.Product.objects.create(name="bear", price=1, category_id=99)

    class Need(db.Model):
        maker = db.ForeignKey(shop.Maker, on_delete=db.CASCADE, related_name="+")

        class Meta:
            db_table = "t_need"

    with pytest.raises(shop.Maker.DoesNotExist) as refused:
        _ = Need().maker
    assert str(refused.value) == "this Need has no maker yet. Set its maker first."


def test_the_other_side_is_a_queryset(stocked: SimpleNamespace) -> None:
    """Which filters, counts and creates."""
    assert [product.name for product in stocked.bears.products.all()] == ["bear", "熊猫公仔"]
    assert stocked.bears.products.filter(stock__gt=0).count() == 1
    assert stocked.bears.products.create(name="new", price=1).category == stocked.bears
    assert list(stocked.toys.children.all()) == [stocked.bears]
    assert stocked.steiff.category_set.get() == stocked.toys
    assert list(stocked.Category.objects.filter(pk__in=stocked.steiff.category_set.all())) == [stocked.toys]


def test_fetch_modes(stocked: SimpleNamespace, queries: list[str]) -> None:
    """For all of a result, for one, or not at all."""
    products = stocked.Product.objects.exclude(category=None)
    assert len({each.category.name for each in products.fetch_mode(db.FetchMode.FETCH_PEERS)}) == 2
    assert len(queries) == 2
    assert len({each.category.name for each in products.fetch_mode(db.FetchMode.FETCH_ONE)}) == 2
    assert len(queries) == 6
    with pytest.raises(FieldFetchBlocked) as blocked:
        products.fetch_mode(db.FetchMode.RAISE)[0].category  # noqa: B018 - reading it is the point
    assert str(blocked.value) == (
        "Product.category was touched and is not loaded, and fetch_mode(RAISE) forbids to load it. "
        "Load it with the rows: select_related('category'), prefetch_related('category') or only(…)."
    )
    joined = products.select_related("category").fetch_mode(db.FetchMode.RAISE)
    assert joined[0].category.name == "bears"
    with pytest.raises(FieldFetchBlocked):
        joined[0].category.maker  # noqa: B018 - reading it is the point


def test_fields_that_are_left_out(stocked: SimpleNamespace, queries: list[str]) -> None:
    """They are loaded for the whole result when one is touched, and not written by save()."""
    products = list(stocked.Product.objects.only("name", "stock"))
    assert "price" not in vars(products[0])
    assert [str(each.price) for each in products] == ["19.90", "29.00", "5.00", "1.50"]
    assert len(queries) == 2
    bear = stocked.Product.objects.defer("price", "category").get(name="bear")
    assert sorted(set(vars(stocked.Product.objects.get(pk=1))) - set(vars(bear))) == ["category_id", "price"]
    stocked.Product.objects.filter(name="bear").update(price=1)
    bear.stock = 9
    bear.save()
    assert stocked.Product.objects.values_list("price", "stock").get(pk=1) == (1, 9)
    assert bear.category.name == "bears"
    assert "price" in vars(stocked.Product.objects.defer("price").defer(None).get(pk=1))
    with pytest.raises(FieldFetchBlocked):
        stocked.Product.objects.only("name").fetch_mode(db.FetchMode.RAISE)[0].price  # noqa: B018 - the same
    with pytest.raises(AttributeError) as missing:
        bear.nothing  # noqa: B018 - the same
    assert str(missing.value) == "'Product' object has no attribute 'nothing'"


def test_fields_of_related_objects_are_left_out(stocked: SimpleNamespace, queries: list[str]) -> None:
    """By names that cross relations; what is followed is always loaded."""
    query = stocked.Product.objects.select_related("category").only("name", "category__name")
    bear = query.get(name="bear")
    assert sorted(vars(bear.category)) == ["_batch", "_db", "_partial", "id", "name"]
    assert bear.category_id == stocked.bears.pk
    assert len(queries) == 1
    stocked.bears.delete()
    with pytest.raises(stocked.Product.DoesNotExist) as gone:
        bear.price  # noqa: B018 - reading it is the point
    assert str(gone.value) == f"the row of Product {bear.pk!r} is gone, so it has no price"


class Place(db.Model):
    name = db.CharField(max_length=20, primary_key=True)

    class Meta:
        db_table = "t_place"


class Cafe(db.Model):
    place = db.OneToOneField(Place, on_delete=db.CASCADE, primary_key=True)

    class Meta:
        db_table = "t_cafe"


class Bar(db.Model):
    place = db.OneToOneField(Place, on_delete=db.SET_NULL, null=True)

    class Meta:
        db_table = "t_bar"


class Waiter(db.Model):
    cafe = db.ForeignKey(Cafe, on_delete=db.CASCADE)

    class Meta:
        db_table = "t_waiter"


@pytest.fixture
def place() -> Any:
    """A place, with the tables of what is there."""
    db.create_all(models=[Place, Cafe, Bar, Waiter])
    return Place.objects.create(name="Ann's")


def test_both_sides_of_a_one_to_one_know_each_other(place: Any, queries: list[str]) -> None:
    """Whichever of them was touched or set, without a query; and no longer when it is unset."""
    Cafe.objects.create(place=place)
    cafe = Cafe.objects.get()
    queries.clear()
    assert cafe.place.cafe is cafe  # type: ignore[attr-defined] # the other side
    bar = Bar(place=place)
    assert place.bar is bar
    bar.place = None
    assert not hasattr(place, "bar")
    assert len(queries) == 1
    place.bar = bar
    place.bar = None
    assert (bar.place_id, hasattr(place, "bar")) == (None, False)  # type: ignore[attr-defined] # the key
    assert len(queries) == 1


def test_what_is_not_there_is_no_attribute(place: Any) -> None:
    """`hasattr` says so, on both sides; it is the model's DoesNotExist as well."""
    for owner, name, model in ((place, "cafe", Cafe), (Waiter(), "cafe", Cafe), (Cafe(), "place", Place)):
        assert not hasattr(owner, name)
        with pytest.raises(model.DoesNotExist) as missing:
            getattr(owner, name)
        assert isinstance(missing.value, AttributeError)
    assert str(missing.value) == "this Cafe has no place yet. Set its place first."


def test_objects_on_either_side_stand_for_a_key_that_is_shared(place: Any) -> None:
    """A row whose key points to another has the same key as that."""
    cafe = Cafe.objects.create(place=place)
    waiter = Waiter.objects.create(cafe=cafe)
    for found in (
        Waiter.objects.get(cafe=cafe),
        Waiter.objects.get(cafe__place=place),
        Waiter.objects.get(cafe__pk=cafe),
        Waiter.objects.get(cafe="Ann's"),
    ):
        assert found == waiter
    assert Place.objects.get(cafe=cafe) == Place.objects.get(cafe=place) == place
    assert Cafe.objects.get(pk=cafe) == Cafe.objects.get(place=place) == cafe


def test_a_key_that_comes_later_is_taken_over(shop: SimpleNamespace, place: Any) -> None:
    """Of an object that had none when it was assigned, be it a text that was empty."""
    later = Place()
    cafe = Cafe(place=later)
    with pytest.raises(DataError) as unsaved:
        cafe.save()
    assert str(unsaved.value) == "Cafe.place is a Place that is not saved yet. Call its save() first."
    later.name = "Bob's"
    later.save()
    cafe.save()
    assert Cafe.objects.get(pk="Bob's").place == later
