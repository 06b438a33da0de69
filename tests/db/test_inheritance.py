"""Models that inherit from models with tables: one object, a row in each table."""

from types import SimpleNamespace

import pytest

from spruce import db
from spruce.db.signals import post_delete, post_save
from spruce.errors import FieldError, IntegrityError, ModelError, ValidationError


class Town(db.Model):
    name = db.CharField(max_length=40)

    class Meta:
        db_table = "t_i_town"


class Place(db.Model):
    name = db.CharField(max_length=40, unique=True)
    stars = db.IntegerField(default=0)
    town = db.ForeignKey(Town, on_delete=db.CASCADE, null=True, related_name="places")
    near = db.ManyToManyField("self")

    class Meta:
        db_table = "t_i_place"
        ordering = ("-name",)

    def __str__(self) -> str:
        return self.name


class Restaurant(Place):
    pizza = db.BooleanField(default=False)
    cook = db.ForeignKey("Cook", on_delete=db.SET_NULL, null=True, related_name="restaurants")

    class Meta:
        db_table = "t_i_restaurant"


class Pizzeria(Restaurant):
    oven = db.CharField(max_length=20, default="stone")

    class Meta:
        db_table = "t_i_pizzeria"


class Cook(db.Model):
    name = db.CharField(max_length=40)

    class Meta:
        db_table = "t_i_cook"


class Review(db.Model):
    text = db.TextField()
    place = db.ForeignKey(Place, on_delete=db.CASCADE, related_name="reviews")

    class Meta:
        db_table = "t_i_review"


class Waiter(db.Model):
    name = db.CharField(max_length=40)
    restaurant = db.ForeignKey(Restaurant, on_delete=db.CASCADE, related_name="waiters")

    class Meta:
        db_table = "t_i_waiter"


class Cafe(Place):
    seat = db.OneToOneField(Place, on_delete=db.CASCADE, parent_link=True, related_name="as_cafe")

    class Meta:
        db_table = "t_i_cafe"


@pytest.fixture
def town(shop: SimpleNamespace) -> SimpleNamespace:
    """A place, a restaurant and a pizzeria in a town."""
    berlin = Town.objects.create(name="Berlin")
    ann = Cook.objects.create(name="Ann")
    park = Place.objects.create(name="park", stars=1)
    grill = Restaurant.objects.create(name="grill", stars=3, town=berlin, cook=ann)
    mario = Pizzeria.objects.create(name="mario", stars=4, town=berlin, pizza=True)
    return SimpleNamespace(berlin=berlin, ann=ann, park=park, grill=grill, mario=mario)


def test_each_table_has_its_own_columns() -> None:
    """The key of the second points to the first."""
    assert list(Restaurant.__table__.columns.keys()) == ["place_ptr_id", "pizza", "cook_id"]
    assert [field.name for field in Pizzeria._meta.fields] == [
        "id", "name", "stars", "town", "place_ptr", "pizza", "cook", "restaurant_ptr", "oven",
    ]  # fmt: skip
    assert Pizzeria._meta.pk.name == "restaurant_ptr"
    assert Restaurant.name is Place.__table__.c.name
    assert Restaurant._meta.ordering == ("-name",)
    assert Cafe._meta.pk.name == "seat"
    assert issubclass(Pizzeria.DoesNotExist, Place.DoesNotExist)


def test_a_row_in_each_table(town: SimpleNamespace, queries: list[str]) -> None:
    """Written the oldest first, read by one query."""
    made = Pizzeria(name="luigi", oven="gas")
    made.save()
    assert [sql.split(" (")[0] for sql in queries] == [
        "INSERT INTO t_i_place", "INSERT INTO t_i_restaurant", "INSERT INTO t_i_pizzeria",
    ]  # fmt: skip
    assert made.pk == made.id == made.place_ptr_id == made.restaurant_ptr_id
    queries.clear()
    found = Pizzeria.objects.get(name="luigi")
    assert (found, found.id, found.place_ptr_id, found.oven, found.pizza) == (made, made.id, made.id, "gas", False)
    assert len(queries) == 1
    assert Place.objects.count() == 4


def test_saving_again_writes_all_tables(town: SimpleNamespace, queries: list[str]) -> None:
    """Or only those that the fields to update are in."""
    town.mario.name, town.mario.oven = "Mario", "wood"
    town.mario.save()
    assert [sql.split(" SET ")[0] for sql in queries] == [
        "UPDATE t_i_place", "UPDATE t_i_restaurant", "UPDATE t_i_pizzeria",
    ]  # fmt: skip
    queries.clear()
    town.mario.stars = 5
    town.mario.save(update_fields=["stars"])
    assert [sql.split(" SET ")[0] for sql in queries] == ["UPDATE t_i_place"]
    town.mario.refresh_from_db()
    assert (town.mario.name, town.mario.oven, town.mario.stars) == ("Mario", "wood", 5)


def test_a_place_becomes_a_restaurant(town: SimpleNamespace) -> None:
    """By its link, or by its key."""
    made = Restaurant(place_ptr=town.park, name="beer garden")
    made.save()
    assert Place.objects.get(pk=town.park.pk).name == "beer garden"
    assert town.park.restaurant == made
    with pytest.raises(Restaurant.DoesNotExist):
        assert made.pizzeria
    keyed = Restaurant(id=made.pk, name="garden", pizza=True)
    keyed.save()
    assert Restaurant.objects.get(pk=made.pk).pizza


def test_nothing_is_written_when_a_part_fails(town: SimpleNamespace) -> None:
    """The tables are written in one transaction."""
    with pytest.raises(IntegrityError):
        Restaurant.objects.create(name="ghost", cook_id=999)
    assert not Place.objects.filter(name="ghost").exists()


def test_queries_go_over_both_tables(town: SimpleNamespace, queries: list[str]) -> None:
    """Conditions, order, values, and other models' relations to the parent."""
    town.grill.reviews.create(text="fine")
    queries.clear()
    restaurants = Restaurant.objects
    assert list(restaurants.filter(stars__gt=3, pizza=True)) == [Restaurant.objects.get(pk=town.mario.pk)]
    assert [each.name for each in restaurants.all()] == ["mario", "grill"]
    assert [each.name for each in restaurants.order_by("stars")] == ["grill", "mario"]
    assert list(restaurants.values_list("name", "pizza", "town__name").order_by("name")) == [
        ("grill", False, "Berlin"), ("mario", True, "Berlin"),
    ]  # fmt: skip
    assert restaurants.get(reviews__text="fine") == town.grill
    assert restaurants.exclude(reviews__text="fine").get().pk == town.mario.pk
    assert Waiter.objects.filter(restaurant__name="grill").count() == 0
    assert Place.objects.get(restaurant__pizzeria__oven="stone").name == "mario"
    assert town.berlin.places.count() == 2
    assert restaurants.aggregate(most=db.Max("stars")) == {"most": 4}
    assert restaurants.filter(stars=db.F("stars")).count() == 2
    assert restaurants.annotate(n=db.Count("reviews")).order_by("name").values_list("name", "n")[0] == ("grill", 1)


def test_what_does_not_need_the_parents_table_does_not_join_it(town: SimpleNamespace, queries: list[str]) -> None:
    assert Restaurant.objects.filter(id__gt=0, pizza=True).count() == 1
    assert Waiter.objects.filter(restaurant__id=town.grill.pk).exists() is False
    assert not any("JOIN" in sql for sql in queries)


def test_relations_of_a_child(town: SimpleNamespace, queries: list[str]) -> None:
    """Its own and those it inherits, loaded together or by one more query."""
    Waiter.objects.create(name="Bo", restaurant=town.mario)
    town.park.near.add(town.mario)
    queries.clear()
    found = Waiter.objects.select_related("restaurant__town", "restaurant__cook").get()
    assert (found.restaurant.name, found.restaurant.town.name, found.restaurant.cook) == ("mario", "Berlin", None)
    loaded = Restaurant.objects.select_related("town").order_by("name")
    assert [each.town.name for each in loaded] == ["Berlin", "Berlin"]
    assert len(queries) == 2
    assert [[near.name for near in each.near.all()] for each in Restaurant.objects.prefetch_related("near")] == [
        ["park"], [],
    ]  # fmt: skip
    assert list(town.mario.waiters.all()) == [found]
    places = Place.objects.select_related("restaurant").order_by("name")
    assert [getattr(each, "restaurant", None) and each.restaurant.pizza for each in places] == [False, True, None]
    queries.clear()
    assert found.restaurant.place_ptr.stars == 4
    assert queries == []


def test_fields_that_were_left_out(town: SimpleNamespace, queries: list[str]) -> None:
    """Of either table."""
    found = list(Restaurant.objects.only("name", "pizza").order_by("name"))
    assert [(each.name, each.pizza) for each in found] == [("grill", False), ("mario", True)]
    assert len(queries) == 1
    assert [each.stars for each in found] == [3, 4]
    assert len(queries) == 2
    assert Restaurant.objects.defer("stars").get(name="grill").stars == 3


def test_update_writes_each_value_to_its_table(town: SimpleNamespace, queries: list[str]) -> None:
    """With conditions on either."""
    assert Restaurant.objects.filter(stars__gt=3).update(name="changed", pizza=False) == 1
    assert [sql.split()[0] for sql in queries] == ["SELECT", "UPDATE", "UPDATE"]
    found = Restaurant.objects.get(name="changed")
    assert (found.pk, found.pizza) == (town.mario.pk, False)
    assert Restaurant.objects.filter(name="changed").update(pizza=True) == 1
    assert Restaurant.objects.update(stars=db.F("stars") + 1) == 2
    assert Place.objects.get(pk=town.grill.pk).stars == 4
    town.grill.stars, town.grill.pizza = 9, True
    assert Restaurant.objects.bulk_update([town.grill], ["stars", "pizza"]) == 1
    assert Restaurant.objects.filter(stars=9, pizza=True).count() == 1
    with pytest.raises(FieldError) as refused:
        Restaurant.objects.update(nam="x")
    assert "Restaurant has no field 'nam'; did you mean 'name'?" in str(refused.value)


def test_delete_takes_all_rows(town: SimpleNamespace) -> None:
    """From below and from above, with what points to them."""
    town.mario.reviews.create(text="x")
    assert town.mario.delete() == (4, {"Review": 1, "Pizzeria": 1, "Restaurant": 1, "Place": 1})
    assert (town.mario.pk, town.mario.id) == (None, None)
    assert Place.objects.get(pk=town.grill.pk).delete() == (2, {"Restaurant": 1, "Place": 1})
    assert Restaurant.objects.count() == 0
    assert list(Place.objects.all()) == [town.park]
    assert Restaurant.objects.all().delete() == (0, {})


def test_bulk_create_gives_each_its_keys(town: SimpleNamespace) -> None:
    made = Restaurant.objects.bulk_create([Restaurant(name="a"), Restaurant(name="b", pizza=True)])
    assert [each.pk for each in made] == [each.id for each in made]
    assert Restaurant.objects.filter(name__in=["a", "b"]).count() == 2
    with pytest.raises(FieldError) as refused:
        Restaurant.objects.bulk_create([Restaurant(name="a")], ignore_conflicts=True)
    assert str(refused.value) == (
        "bulk_create() of Restaurant, which has rows in two tables, cannot go around conflicts. "
        "Call it without ignore_conflicts and update_conflicts, or save the objects one by one."
    )


def test_listeners_hear_of_the_object_once(town: SimpleNamespace) -> None:
    """But of the deletion of each row, as in Django."""
    heard: list[type] = []

    def listen(sender: type, **_: object) -> None:
        heard.append(sender)

    for signal in (post_save, post_delete):
        signal.connect(listen)
    try:
        Restaurant.objects.create(name="x").delete()
    finally:
        for signal in (post_save, post_delete):
            signal.disconnect(listen)
    assert heard == [Restaurant, Place, Restaurant]


def test_what_must_be_unique_is_looked_for_in_the_parents_table(town: SimpleNamespace) -> None:
    """Also among rows that are no child."""
    with pytest.raises(ValidationError) as refused:
        Restaurant(name="park").full_clean(exclude=["town", "cook"])
    assert str(refused.value) == "name: Place with this Name already exists."


def test_fixtures_have_an_item_for_each_table(town: SimpleNamespace) -> None:
    items = list(db.dump_data([Place, Restaurant]))
    assert {"model": "t_i_restaurant", "pk": town.grill.pk, "fields": {"pizza": False, "cook": town.ann.pk}} in items
    Pizzeria.objects.all().delete()
    Restaurant.objects.all().delete()
    assert db.load_data(items) == len(items)
    assert Restaurant.objects.get(name="grill").stars == 3


def test_declarations_that_cannot_work() -> None:
    """Two parents with tables; a field of the parent's name; columns of two tables that are unique together."""

    class Other(db.Model):
        class Meta:
            db_table = "t_i_other"

    with pytest.raises(ModelError) as refused:

        class Both(Place, Other):
            class Meta:
                db_table = "t_i_both"

    assert str(refused.value) == (
        "Both inherits from Other and Place, which have a table each. A model has one parent with a table: "
        "point to the other by a OneToOneField, or make it abstract."
    )
    with pytest.raises(ModelError) as refused:

        class Twice(Place):
            stars = db.IntegerField()

            class Meta:
                db_table = "t_i_twice"

    assert str(refused.value) == (
        "Twice.stars is a field already of Place, from which it inherits. Give it another name."
    )

    class Mixed(Place):
        own = db.IntegerField()

        class Meta:
            db_table = "t_i_mixed"
            unique_together = ("own", "stars")

    with pytest.raises(ModelError) as refused:
        assert Mixed.__table__ is None
    assert str(refused.value) == (
        "Mixed.Meta.unique_together names 'stars', which is in the table of Place. "
        "Columns of two tables cannot be unique together."
    )
    db.registry._remove(Mixed)
    db.registry._remove(Other)
