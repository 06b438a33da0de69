"""GenericForeignKey: objects of any model, and what a row keeps of them."""

from types import SimpleNamespace
from typing import Any

import pytest

from spruce import db
from spruce.db.contenttypes import ContentType, GenericForeignKey, GenericPrefetch
from spruce.errors import DataError, FieldError, ModelError


class Remark(db.Model):
    text = db.CharField(max_length=20)
    content_type = db.ForeignKey(ContentType, on_delete=db.CASCADE, null=True)
    object_id = db.PositiveIntegerField(null=True)
    content_object = GenericForeignKey()

    class Meta:
        db_table = "t_generic_remark"
        ordering = ("id",)


class Film(db.Model):
    title = db.CharField(max_length=20)
    maker = db.CharField(max_length=20, default="")

    class Meta:
        db_table = "t_generic_film"


class Song(db.Model):
    title = db.CharField(max_length=20)
    film = db.ForeignKey(Film, on_delete=db.CASCADE, null=True)

    class Meta:
        db_table = "t_generic_song"


OWN = [ContentType, Film, Song, Remark]
PRIVATE = [db.registry.models.pop(model._meta.db_table, model) for model in OWN]  # the table of content types is rare


@pytest.fixture(autouse=True)
def types(settings: object) -> None:
    """The table that the others point to."""
    db.create_all(models=[ContentType])


@pytest.fixture
def works(shop: SimpleNamespace) -> SimpleNamespace:
    """A film, a song of it, and a remark on each."""
    db.create_all(models=OWN)
    shop.film = Film.objects.create(pk=5, title="Brazil")
    shop.song = Song.objects.create(pk=7, title="Aquarela", film=shop.film)
    for each in (shop.film, shop.song):
        Remark.objects.create(text=each.title, content_object=each)
    return shop


def test_a_row_names_an_object_of_any_model(works: SimpleNamespace) -> None:
    """By what it is and its key."""
    film, song = Remark.objects.all()
    assert (film.content_object, song.content_object) == (works.film, works.song)
    assert (song.content_type, song.object_id) == (ContentType.objects.get_for_model(Song), 7)
    song.object_id = 5
    assert song.content_object is None
    film.content_object = works.song
    assert (film.object_id, film.content_object) == (7, works.song)
    film.content_object = None
    assert (film.content_type, film.object_id, film.content_object) == (None, None, None)


def test_objects_are_loaded_by_one_query_for_each_model(works: SimpleNamespace, queries: list[str]) -> None:
    """And what these point to by one more, for those models that have it."""
    Remark.objects.create(text="again", content_object=works.film)
    ContentType.objects.get_for_models(Film, Song)
    queries.clear()
    found = list(Remark.objects.prefetch_related("content_object"))
    assert [each.content_object for each in found] == [works.film, works.song, works.film]
    assert len(queries) == 3
    songs = Remark.objects.filter(text="Aquarela").prefetch_related("content_object__film")
    queries.clear()
    assert [each.content_object.film for each in songs] == [works.film]
    assert len(queries) == 3


def test_queries_may_be_given_for_each_model(works: SimpleNamespace) -> None:
    """Objects that theirs don't find are not there; models without one are loaded as ever."""
    wanted = GenericPrefetch("content_object", [Film.objects.filter(title="none"), Song.objects.only("title")], "goal")
    goals = [each.goal for each in Remark.objects.prefetch_related(wanted)]
    assert [goals[0], goals[1].get_deferred_fields()] == [None, {"film_id"}]
    with pytest.raises(ValueError, match=r"^Prefetch querysets cannot use raw\(\), values\(\), and values_list\(\)\.$"):
        GenericPrefetch("content_object", [Film.objects.values("title")])


def test_an_object_that_is_saved_later_is_taken_over(works: SimpleNamespace) -> None:
    """When the row is saved; before, that is refused."""
    new = Film(title="new")
    remark = Remark(text="early", content_object=new)
    with pytest.raises(DataError) as refused:
        remark.save()
    assert str(refused.value) == "Remark.content_object is a Film that is not saved yet. Call its save() first."
    new.save()
    remark.save()
    assert Remark.objects.get(text="early").content_object == new


def test_what_is_read_again_is_loaded_again(works: SimpleNamespace) -> None:
    """All of it, or the relation alone."""
    remark = Remark.objects.get(text="Brazil")
    for fields in (None, ["content_object"]):
        before = remark.content_object
        remark.refresh_from_db(fields=fields)
        assert remark.content_object == before
        assert remark.content_object is not before


def test_what_is_no_object_is_refused(works: SimpleNamespace) -> None:
    with pytest.raises(DataError) as refused:
        Remark(content_object=7)
    assert str(refused.value) == "Remark.content_object takes an object of a model or None, not 7"
    with pytest.raises(FieldError):
        Remark.objects.filter(content_object=works.film)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({}, "Bad.goal: the model has no field 'content_type'. "
             "A GenericForeignKey stands beside a ForeignKey to ContentType and a field for keys."),
        ({"content_type": db.IntegerField(), "object_id": db.IntegerField()},
         "Bad.goal: 'content_type' is no ForeignKey. "
         "As: content_type = db.ForeignKey(ContentType, on_delete=db.CASCADE)."),
    ],
)  # fmt: skip
def test_the_fields_that_it_needs(fields: dict[str, Any], message: str) -> None:
    """Are asked for where the model is declared."""
    body = {"__module__": __name__, "Meta": type("Meta", (), {"db_table": "t_generic_bad"}), **fields}
    with pytest.raises(ModelError) as refused:
        type(db.Model)("Bad", (db.Model,), {**body, "goal": GenericForeignKey()})
    db.registry.models.pop("t_generic_bad", None)
    assert str(refused.value) == message
