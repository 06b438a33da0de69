"""Model classes: what their bodies become, and what their objects can do."""

import copy
import pickle
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
import sqlalchemy as sa

from spruce import db
from spruce.errors import FieldError, ModelError


class Stamped(db.Model):
    """What several models share."""

    made_by = db.CharField(default="nobody")

    class Meta:
        abstract = True
        ordering = ("-id",)

    def shout(self) -> str:
        return self.made_by.upper()


class Letter(Stamped):
    text = db.TextField()

    class Meta:
        db_table = "t_letter"


class Tag(db.Model):
    word = db.CharField(max_length=20, primary_key=True)

    class Meta:
        db_table = "t_tag"


class Careful(db.Model):
    text = db.CharField()

    class Meta:
        db_table = "t_careful"

    def __init__(self, *, text: str = "nothing") -> None:
        super().__init__(text=text.strip())


def test_a_field_read_on_the_class_is_a_column(shop: SimpleNamespace) -> None:
    """On an instance it is the value."""
    assert isinstance(shop.Product.price, sa.Column)
    assert shop.Product.price is shop.Product.__table__.c.price
    assert shop.Product.category is shop.Product.__table__.c.category_id
    assert shop.Product(price=3).price == 3
    assert isinstance(shop.Product.__table__, sa.Table)


def test_fields_do_not_stay_in_the_class(shop: SimpleNamespace) -> None:
    """They would slow down every object's attributes."""
    assert "price" not in vars(shop.Product)


def test_a_wrong_attribute_of_the_class_is_an_attribute_error(shop: SimpleNamespace) -> None:
    """With the nearest field."""
    with pytest.raises(AttributeError) as refused:
        _ = shop.Product.prize
    assert str(refused.value) == "Product has no attribute 'prize'; did you mean 'price'?"


def test_the_constructor_takes_fields_and_fills_in_defaults(shop: SimpleNamespace) -> None:
    """By keyword; `pk` is the primary key by whatever name."""
    product = shop.Product(name="bear", price=1, pk=7)
    assert (product.pk, product.id, product.stock, product.active, product.note) == (7, 7, 0, True, None)
    assert shop.Product(stock=None).stock is None


def test_a_wrong_keyword_names_the_fields(shop: SimpleNamespace) -> None:
    """The nearest first; it is a TypeError too, as of any call."""
    with pytest.raises(FieldError) as refused:
        shop.Maker(nme="x")
    assert str(refused.value) == (
        "Maker() got 'nme', which is no field of it; did you mean 'name'? Fields: name, country, id."
    )
    assert isinstance(refused.value, TypeError)


def test_objects_are_equal_by_model_and_key(stocked: SimpleNamespace) -> None:
    """And hashable once they have one."""
    first, again = stocked.Product.objects.get(pk=1), stocked.Product.objects.get(pk=1)
    assert first is not again
    assert first == again
    assert len({first, again}) == 1
    assert first != stocked.Maker.objects.get(pk=1)
    assert first != 1
    new = stocked.Maker(name="new")
    assert new != stocked.Maker(name="new")
    with pytest.raises(TypeError) as refused:
        hash(new)
    assert str(refused.value) == "a Maker that is not saved has no key and cannot be hashed"


def test_an_object_says_what_it_is() -> None:
    """By its key, unless the model has a text of its own."""
    assert repr(Letter(id=3)) == "<Letter: Letter object (3)>"
    assert repr(Letter) == f"<model {__name__}.Letter>"


def test_objects_can_be_copied_and_pickled(stocked: SimpleNamespace) -> None:
    """With what they have loaded."""
    category = stocked.Category.objects.get(name="bears")
    assert category.parent.name == "toys"
    assert copy.copy(category) == category
    assert pickle.loads(pickle.dumps(category)).parent.name == "toys"


def test_abstract_models_pass_on_fields_options_and_methods(shop: SimpleNamespace) -> None:
    """But have no table and no objects."""
    letter = Letter.objects.create(text="hello")
    assert (letter.made_by, letter.shout(), Letter._meta.ordering) == ("nobody", "NOBODY", ("-id",))
    assert [field.name for field in Letter._meta.fields] == ["id", "made_by", "text"]
    with pytest.raises(ModelError) as refused:
        Stamped()
    assert str(refused.value) == "Stamped is abstract and has no objects. Make one of a subclass."


def test_a_model_may_have_its_own_key(shop: SimpleNamespace) -> None:
    """Which is then given with each new object."""
    Tag.objects.create(word="red")
    Tag(word="blue").save()
    assert [tag.pk for tag in Tag.objects.order_by("word")] == ["blue", "red"]
    assert Tag.objects.get(pk="red").word == "red"


def test_a_model_may_have_its_own_constructor(shop: SimpleNamespace) -> None:
    """It is called for new objects, and not for those that are loaded."""
    assert Careful(text=" a ").text == "a"
    Careful.objects.create(text=" b ")
    Careful.objects.update(text=" c ")
    assert Careful.objects.get().text == " c "


def test_save_inserts_then_updates(shop: SimpleNamespace, queries: list[str]) -> None:
    """A new object is inserted, one with a key is written over its row, or inserted if there is none."""
    maker = shop.Maker(name="a")
    maker.save()
    maker.name = "b"
    maker.save()
    shop.Maker(id=9, name="c").save()
    assert [query.split()[0] for query in queries] == ["INSERT", "UPDATE", "UPDATE", "INSERT"]
    assert list(shop.Maker.objects.values_list("id", "name")) == [(1, "b"), (9, "c")]


def test_save_of_some_fields(stocked: SimpleNamespace) -> None:
    """Leaves the others alone."""
    first, again = stocked.Product.objects.get(pk=1), stocked.Product.objects.get(pk=1)
    first.name, first.stock = "other", 99
    first.save(update_fields=["stock"])
    assert (stocked.Product.objects.get(pk=1).name, stocked.Product.objects.get(pk=1).stock) == ("bear", 99)
    with pytest.raises(FieldError) as refused:
        again.save(update_fields=["stok"])
    assert str(refused.value) == "Product has no field 'stok'; did you mean 'stock'?"


def test_refresh_reads_the_row_again(stocked: SimpleNamespace) -> None:
    """All of it, or some fields."""
    product = stocked.Product.objects.get(pk=1)
    assert product.category.name == "bears"
    stocked.Product.objects.filter(pk=1).update(price=1, stock=77, category=stocked.toys)
    product.refresh_from_db(fields=["price"])
    assert (product.price, product.stock) == (Decimal("1.00"), 5)
    product.refresh_from_db()
    assert (product.stock, product.category.name) == (77, "toys")
    stocked.Product.objects.filter(pk=1).delete()
    with pytest.raises(stocked.Product.DoesNotExist):
        product.refresh_from_db()


def test_delete_takes_the_key(stocked: SimpleNamespace) -> None:
    """So that a later save makes a new row."""
    product = stocked.Product.objects.get(pk=1)
    assert product.delete() == (1, {"Product": 1})
    assert product.pk is None
    with pytest.raises(ValueError, match="has no key, so there is no row of it to delete: save it first"):
        product.delete()


def test_values_are_read_as_they_were_written(shop: SimpleNamespace) -> None:
    """Every type, with its extremes."""
    given: dict[str, Any] = {
        "name": "\x01 '\"\\% 熊",
        "price": Decimal("-999999.99"),
        "cost": Decimal("0.0001"),
        "stock": -(2**31),
        "weight": 1e-300,
        "active": False,
    }
    made = shop.Product.objects.create(**given)
    read = shop.Product.objects.get(pk=made.pk)
    assert {name: getattr(read, name) for name in given} == given
    assert str(read.cost) == "0.0001"


def test_values_may_stand_in_the_order_of_the_fields(shop: SimpleNamespace) -> None:
    """Before those that are named; not too many, and none twice."""
    maker = shop.Maker(None, "Steiff", country="DE")
    assert (maker.id, maker.name, maker.country) == (None, "Steiff", "DE")
    with pytest.raises(TypeError) as many:
        shop.Maker(1, "a", "DE", 4)
    assert str(many.value) == "Maker() takes 3 values at most, and was given 4"
    with pytest.raises(TypeError) as twice:
        shop.Maker(1, "a", name="b")
    assert str(twice.value) == "Maker() was given two values for 'name'"
    with pytest.raises(FieldError, match="Maker\\(\\) got 'nam', which is no field of it; did you mean 'name'\\?"):
        shop.Maker(1, nam="b")


def test_a_refresh_can_be_of_some_things(stocked: SimpleNamespace, queries: list[str]) -> None:
    """Of no fields without a query, of relations, or as another query finds it."""
    bear = stocked.Product.objects.prefetch_related("category").get(name="bear")
    toys = stocked.Category.objects.prefetch_related("products").get(name="toys")
    stocked.Product.objects.filter(name="car").update(name="cart", price=9)
    queries.clear()
    bear.refresh_from_db(fields=[])
    assert queries == []
    assert [product.name for product in toys.products.all()] == ["car"]
    toys.refresh_from_db(fields=["products"])
    assert [product.name for product in toys.products.all()] == ["cart"]
    queries.clear()
    bear.refresh_from_db(from_queryset=stocked.Product.objects.select_related("category"))
    assert (bear.category.name, len(queries)) == ("bears", 1)


class Keyed(db.Model):
    key = db.CharField(max_length=5, primary_key=True, db_default="seven")
    name = db.CharField(max_length=5)

    class Meta:
        db_table = "t_keyed"


def test_a_key_may_be_given_by_the_database() -> None:
    """As any other value, when the object is saved."""
    db.create_all(models=[Keyed])
    made = Keyed(name="a")
    made.save()
    assert (made.key, Keyed.objects.get().name) == ("seven", "a")
    assert Keyed.objects.create(key="eight", name="b").key == "eight"


def test_what_an_abstract_model_declares_can_be_taken_away() -> None:
    """By something else of the name, as None."""

    class Common(db.Model):
        name = db.CharField(max_length=5)
        note = db.TextField()

        class Meta:
            abstract = True

    class Plain(Common):
        note = None  # type: ignore[assignment] # which takes it away

        class Meta:
            db_table = "t_plain"

    assert [field.name for field in Plain._meta.fields] == ["id", "name"]
    assert Plain().note is None


class Priced(db.Model):
    d = db.ForeignKey("self", on_delete=db.CASCADE, null=True, related_query_name="lower")
    unknown = db.IntegerField(default=1)
    positional = db.IntegerField(default=2)
    cents = db.IntegerField(default=0)

    class Meta:
        db_table = "t_priced"

    @property
    def euros(self) -> float:
        return self.cents / 100

    @euros.setter
    def euros(self, value: float) -> None:
        self.cents = round(value * 100)


def test_properties_are_set_by_keywords(shop: SimpleNamespace) -> None:
    """As by `get_or_create`; fields may have any names of ours."""
    made = Priced(euros=1.5)
    assert (made.cents, made.unknown, made.positional, made.d_id) == (150, 1, 2, None)
    assert Priced.objects.get_or_create(cents=99, defaults={"euros": 2.0})[0].cents == 200
    with pytest.raises(FieldError) as refused:
        Priced(euro=1)
    assert str(refused.value).startswith("Priced() got 'euro', which is no field of it.")


def test_what_django_programs_ask_models(shop: SimpleNamespace) -> None:
    """Where an object is saved, its managers, what was left out."""
    maker = shop.Maker(name="x")
    assert (maker._state.adding, maker._state.db) == (True, None)
    maker.save()
    assert (maker._state.adding, maker._state.db) == (False, "default")
    maker._state.db = None
    assert maker._state.adding
    assert shop.Maker._default_manager.get() == shop.Maker._base_manager.get() == maker
    assert shop.Maker.objects.only("name").get().get_deferred_fields() == {"country"}
    assert maker.get_deferred_fields() == set()
    assert (shop.Maker._meta.object_name, shop.Maker._meta.model_name) == ("Maker", "maker")
    assert shop.Maker._meta.get_field("name") is shop.Maker._meta.field("name")


def test_queries_have_another_name_for_the_way_back(shop: SimpleNamespace) -> None:
    """Than objects, if it is told."""
    above = Priced.objects.create()
    below = Priced.objects.create(d=above)
    assert Priced.objects.get(lower=below) == above
    assert list(above.priced_set.all()) == [below]
