"""Deleting rows, and what becomes of those that point to them."""

from types import SimpleNamespace

import pytest

from spruce import db
from spruce.errors import IntegrityError, ProtectedError, RestrictedError


class Shelf(db.Model):
    name = db.CharField(default="a")

    class Meta:
        db_table = "t_shelf"


class Box(db.Model):
    kept = db.ForeignKey(Shelf, on_delete=db.SET_NULL, null=True, related_name="+")
    fallback = db.ForeignKey(Shelf, on_delete=db.SET_DEFAULT, null=True, default=1, related_name="+")
    loose = db.ForeignKey(Shelf, on_delete=db.DO_NOTHING, null=True, related_name="+")

    class Meta:
        db_table = "t_box"


def test_one_statement_where_nothing_points(stocked: SimpleNamespace, queries: list[str]) -> None:
    """Only the rows that the query finds."""
    assert stocked.Product.objects.filter(category__name="bears").delete() == (2, {"Product": 2})
    assert len(queries) == 1
    assert stocked.Product.objects.filter(pk=99).delete() == (0, {})


def test_cascade_takes_what_points_along(stocked: SimpleNamespace) -> None:
    """Through several levels, and through a table that points to itself."""
    assert stocked.toys.delete() == (5, {"Product": 3, "Category": 2})
    assert [product.name for product in stocked.Product.objects.all()] == ["box"]


def test_a_ring_is_deleted_once(shop: SimpleNamespace) -> None:
    """Rows that point to each other."""
    first = shop.Category.objects.create(name="a")
    second = shop.Category.objects.create(name="b", parent=first)
    first.parent = second
    first.save()
    assert shop.Category.objects.filter(name="a").delete() == (2, {"Category": 2})


def test_protect_refuses_and_changes_nothing(stocked: SimpleNamespace) -> None:
    """It names what is in the way."""
    with pytest.raises(ProtectedError) as refused:
        stocked.Maker.objects.all().delete()
    assert str(refused.value) == (
        "cannot delete a Maker that Category.maker points to with on_delete=PROTECT: <Category: toys>, "
        "<Category: bears> …. Delete those first, or let them point elsewhere."
    )
    assert isinstance(refused.value, IntegrityError)
    assert stocked.Maker.objects.count() == 2


def test_set_null_set_default_and_do_nothing(shop: SimpleNamespace) -> None:
    """As their names say; the database itself still refuses a key of nothing."""
    first, second = Shelf.objects.create(), Shelf.objects.create()
    box = Box.objects.create(kept=second, fallback=second)
    second.delete()
    box.refresh_from_db()
    assert (box.kept, box.fallback) == (None, first)
    third = Shelf.objects.create()
    box.loose = third
    box.save()
    with pytest.raises(IntegrityError, match="a row would point to one that does not exist"):
        third.delete()
    assert Shelf.objects.count() == 2


def test_values_cannot_be_deleted(shop: SimpleNamespace) -> None:
    """Rows can."""
    with pytest.raises(TypeError) as refused:
        shop.Product.objects.values("name").delete()
    assert str(refused.value) == "Cannot call delete() after .values() or .values_list()"


def test_rows_may_be_set_to_point_elsewhere() -> None:
    """To an object, or to what a function gives at that moment."""

    class Owner(db.Model):
        name = db.CharField(max_length=10)

        class Meta:
            db_table = "t_owner"

    class Pet(db.Model):
        owner = db.ForeignKey(Owner, on_delete=db.SET(lambda: Owner.objects.get(name="home")), related_name="pets")
        friend = db.ForeignKey(Owner, on_delete=db.SET(1), related_name="friends")

        class Meta:
            db_table = "t_pet"

    db.create_all(models=[Owner, Pet])
    home, ann = Owner.objects.create(name="home"), Owner.objects.create(name="Ann")
    pet = Pet.objects.create(owner=ann, friend=ann)
    assert ann.delete() == (1, {"Owner": 1})
    pet.refresh_from_db()
    assert (pet.owner, pet.friend) == (home, home)


class Album(db.Model):
    artist = db.ForeignKey("Artist", on_delete=db.CASCADE)

    class Meta:
        db_table = "t_album"


class Artist(db.Model):
    name = db.CharField(default="a")

    class Meta:
        db_table = "t_artist"


class Song(db.Model):
    artist = db.ForeignKey(Artist, on_delete=db.CASCADE)
    album = db.ForeignKey(Album, on_delete=db.RESTRICT)

    class Meta:
        db_table = "t_song"


def test_restrict_forbids_only_what_would_leave_a_row_behind(shop: SimpleNamespace) -> None:
    """Those that go by another way don't hold it up: an artist with albums and songs can be deleted, an album can't."""
    artist, guest = Artist.objects.create(), Artist.objects.create(name="b")
    album = Album.objects.create(artist=artist)
    song = Song.objects.create(artist=artist, album=album)
    with pytest.raises(RestrictedError) as refused:
        album.delete()
    assert str(refused.value) == (
        "cannot delete a Album that Song.album points to with on_delete=RESTRICT: <Song: Song object (1)> …. "
        "Delete those first, or let them point elsewhere."
    )
    assert refused.value.restricted_objects == (song,)
    other = Song.objects.create(artist=guest, album=album)
    with pytest.raises(RestrictedError) as refused:
        artist.delete()
    assert refused.value.protected_objects == (other,)
    assert Song.objects.count() == 2
    other.delete()
    assert artist.delete() == (3, {"Song": 1, "Album": 1, "Artist": 1})
    assert list(Artist.objects.all()) == [guest]
    assert guest.delete() == (1, {"Artist": 1})


class Building(db.Model):
    name = db.CharField(default="a")

    class Meta:
        db_table = "t_building"


class Tower(Building):
    height = db.IntegerField(default=1)

    class Meta:
        db_table = "t_tower"


def test_the_rows_of_parents_can_stay(shop: SimpleNamespace) -> None:
    """A tower that is a building only."""
    tower = Tower.objects.create()
    assert tower.delete(keep_parents=True) == (1, {"Tower": 1})
    assert (Building.objects.count(), Tower.objects.count()) == (1, 0)
