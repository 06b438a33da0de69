"""GenericRelation: the rows that name an object, as a manager, in queries, and when the object goes."""

from types import SimpleNamespace

import pytest

from spruce import db
from spruce.db.contenttypes import ContentType, GenericForeignKey, GenericRelation
from spruce.errors import DataError, FieldError, ModelError


class Tag(db.Model):
    name = db.CharField(max_length=20)
    kind = db.ForeignKey(ContentType, on_delete=db.CASCADE)
    key = db.CharField(max_length=36)
    goal = GenericForeignKey("kind", "key")

    class Meta:
        db_table = "t_related_tag"
        ordering = ("id",)


class Tagged(db.Model):
    tags = GenericRelation("Tag", content_type_field="kind", object_id_field="key", related_query_name="%(class)s")

    class Meta:
        abstract = True


class Beast(Tagged):
    name = db.CharField(max_length=20)

    class Meta:
        db_table = "t_related_beast"
        ordering = ("id",)


class Plant(Tagged):
    name = db.CharField(max_length=20, primary_key=True)

    class Meta:
        db_table = "t_related_plant"


OWN = [ContentType, Tag, Beast, Plant]
PRIVATE = [db.registry.models.pop(model._meta.db_table, model) for model in OWN]  # the table of content types is rare


@pytest.fixture(autouse=True)
def types(settings: object) -> None:
    """The table that the others point to."""
    db.create_all(models=[ContentType])


@pytest.fixture
def wild(shop: SimpleNamespace) -> SimpleNamespace:
    """Two beasts and a plant with tags; keys are texts in the tags."""
    db.create_all(models=OWN)
    shop.cat, shop.dog = (Beast.objects.create(pk=key, name=name) for key, name in ((1, "cat"), (2, "dog")))
    shop.one = Plant.objects.create(name="1")
    shop.soft = shop.cat.tags.create(name="soft")
    shop.wild = shop.cat.tags.create(name="wild")
    shop.green = shop.one.tags.create(name="green")
    return shop


def test_it_is_a_manager_of_the_rows_that_name_the_object(wild: SimpleNamespace) -> None:
    """And of no rows that name another model's object of the same key."""
    assert list(wild.cat.tags.all()) == [wild.soft, wild.wild]
    assert list(wild.one.tags.all()) == [wild.green]
    assert (wild.soft.goal, wild.soft.key) == (wild.cat, "1")
    assert list(Beast(name="new").tags.all()) == []


def test_rows_that_are_not_there_are_not_added(wild: SimpleNamespace) -> None:
    """One statement can't make them, and would change nothing without a word."""
    with pytest.raises(DataError) as refused:
        wild.cat.tags.add(Tag(name="new"))
    assert str(refused.value) == (
        "tags.add(): <Tag: Tag object (None)> is not saved. Save it first, or use bulk=False."
    )
    with pytest.raises(DataError) as refused:
        wild.cat.tags.add(Tag(pk=99, name="new"))
    assert str(refused.value) == (
        "tags.add(): <Tag: Tag object (99)> is not saved on the database 'default'. "
        "Save it there first, or use bulk=False."
    )


def test_rows_are_made_moved_and_deleted(wild: SimpleNamespace) -> None:
    """By the manager's methods."""
    wild.dog.tags.add(wild.soft)
    assert [each.name for each in wild.dog.tags.all()] == ["soft"]
    wild.dog.tags.add(Tag(name="loud"), bulk=False)
    assert wild.dog.tags.get_or_create(name="loud")[1] is False
    assert wild.dog.tags.update_or_create({"name": "quiet"}, name="loud")[0].name == "quiet"
    assert wild.dog.tags.get_or_create(name="old")[1] is True
    wild.dog.tags.remove(wild.soft)
    assert not Tag.objects.filter(name="soft").exists()
    wild.cat.tags.set([Tag.objects.get(name="old")])
    assert [each.name for each in wild.cat.tags.all()] == ["old"]
    wild.cat.tags.clear()
    assert sorted(Tag.objects.values_list("name", flat=True)) == ["green", "quiet"]
    with pytest.raises(DataError) as refused:
        Beast(name="new").tags.create(name="early")
    assert (
        str(refused.value)
        == "<Beast: Beast object (None)> is not saved, so nothing can name it yet. Call its save() first."
    )
    with pytest.raises(FieldError):
        wild.cat.tags.add(wild.dog)


def test_queries_follow_it_both_ways(wild: SimpleNamespace) -> None:
    """By joins, under a NOT too, and when they count."""
    assert list(Beast.objects.filter(tags__name="soft", tags__key="1")) == [wild.cat]
    assert list(Beast.objects.exclude(tags__name="soft")) == [wild.dog]
    assert list(Beast.objects.filter(tags__isnull=True)) == [wild.dog]
    assert list(Beast.objects.filter(tags=wild.wild)) == [wild.cat]
    counted = Beast.objects.annotate(n=db.Count("tags")).values_list("name", "n")
    assert list(counted) == [("cat", 2), ("dog", 0)]
    assert list(Tag.objects.filter(beast__name="cat")) == [wild.soft, wild.wild]
    assert list(Tag.objects.filter(plant=wild.one)) == [wild.green]
    assert list(Tag.objects.exclude(beast__name="cat")) == [wild.green]
    assert Beast.objects.filter(tags__name="wild").update(name="lion") == 1


def test_rows_are_loaded_for_all_objects_at_once(wild: SimpleNamespace, queries: list[str]) -> None:
    """They know the objects that they name."""
    beasts = Beast.objects.prefetch_related("tags")
    some = Beast.objects.prefetch_related(db.Prefetch("tags", Tag.objects.filter(name="wild"), "wild"))
    queries.clear()
    found = [[(tag.name, tag.goal) for tag in each.tags.all()] for each in beasts]
    assert found == [[("soft", wild.cat), ("wild", wild.cat)], []]
    assert len(queries) == 2
    assert [each.wild for each in some] == [[wild.wild], []]


def test_rows_go_with_the_object(wild: SimpleNamespace) -> None:
    """And only those that name it."""
    assert wild.cat.delete() == (3, {"Tag": 2, "Beast": 1})
    assert Plant.objects.all().delete() == (2, {"Tag": 1, "Plant": 1})


def test_it_cannot_be_assigned_to(wild: SimpleNamespace) -> None:
    with pytest.raises(FieldError) as refused:
        wild.cat.tags = []
    assert str(refused.value) == "tags cannot be assigned to. Use tags.set(…)."


def test_fields_that_the_other_model_does_not_have() -> None:
    """Are named where the model is declared."""
    body = {
        "__module__": __name__,
        "Meta": type("Meta", (), {"db_table": "t_related_bad"}),
        "tags": GenericRelation(Tag),
    }
    with pytest.raises(ModelError) as refused:
        type(db.Model)("Bad", (db.Model,), body)
    db.registry.models.pop("t_related_bad", None)
    assert str(refused.value) == (
        "Bad.tags: Tag has no field 'content_type'. Name its fields by content_type_field and object_id_field."
    )
