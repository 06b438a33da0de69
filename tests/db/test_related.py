"""Relations seen from an object: managers of many rows, the other side of a OneToOneField."""

from types import SimpleNamespace
from typing import Any

import pytest

from spruce import db
from spruce.errors import DataError, FieldError, IntegrityError


class Tag(db.Model):
    name = db.CharField(max_length=20)

    class Meta:
        db_table = "t_post_tag"
        ordering = ("name",)


class Post(db.Model):
    title = db.CharField(max_length=20)
    tags = db.ManyToManyField(Tag, related_name="posts")
    alike = db.ManyToManyField("self")
    after = db.ManyToManyField("self", symmetrical=False, related_name="before")
    readers = db.ManyToManyField("Reader", through="Reading")

    class Meta:
        db_table = "t_a_post"
        ordering = ("id",)

    def __str__(self) -> str:
        return self.title


class Reader(db.Model):
    name = db.CharField(max_length=20)

    class Meta:
        db_table = "t_reader"


class Reading(db.Model):
    post = db.ForeignKey(Post, on_delete=db.CASCADE)
    reader = db.ForeignKey(Reader, on_delete=db.CASCADE)
    minutes = db.IntegerField(default=0)

    class Meta:
        db_table = "t_reading"


class Card(db.Model):
    text = db.CharField(max_length=20)
    reader = db.OneToOneField(Reader, on_delete=db.CASCADE, related_name="card")

    class Meta:
        db_table = "t_card"


@pytest.fixture
def blog() -> SimpleNamespace:
    db.create_all()
    names = SimpleNamespace(post=Post.objects.create(title="one"), other=Post.objects.create(title="two"))
    names.red, names.blue, names.green = (Tag.objects.create(name=name) for name in ("red", "blue", "green"))
    return names


def tags(post: Any) -> list[str]:
    return list(post.tags.values_list("name", flat=True))


def test_connecting_and_disconnecting(blog: SimpleNamespace) -> None:
    """By objects or keys; twice is once."""
    blog.post.tags.add(blog.red, blog.blue.pk, blog.red)
    blog.post.tags.add(blog.red)
    assert tags(blog.post) == ["blue", "red"]
    blog.post.tags.remove(blog.red, blog.green)
    assert tags(blog.post) == ["blue"]
    blog.post.tags.set([blog.green, blog.red])
    assert tags(blog.post) == ["green", "red"]
    blog.post.tags.set([blog.green], clear=True)
    assert tags(blog.post) == ["green"]
    blog.post.tags.clear()
    assert tags(blog.post) == []
    assert Tag.objects.count() == 3


def test_the_other_side_is_the_same(blog: SimpleNamespace) -> None:
    """Under its related_name."""
    blog.red.posts.add(blog.post, blog.other)
    assert tags(blog.other) == ["red"]
    assert blog.red.posts.filter(title="two").get() == blog.other
    assert blog.red.posts.create(title="three").tags.get() == blog.red


def test_making_what_is_connected(blog: SimpleNamespace) -> None:
    """`create` and `get_or_create`, which looks among the connected first."""
    made = blog.post.tags.create(name="new")
    assert tags(blog.post) == ["new"]
    assert blog.post.tags.get_or_create(name="new") == (made, False)
    assert blog.post.tags.get_or_create(name="red") == (blog.red, False)
    assert blog.post.tags.get_or_create(name="newer")[1]
    assert tags(blog.post) == ["new", "newer", "red"]


def test_steps_of_a_manager(blog: SimpleNamespace) -> None:
    """It is a query; the filter after it is about the same connection, as in Django."""
    blog.red.posts.add(blog.post)
    blog.blue.posts.add(blog.post)
    assert blog.post.tags.count() == 2
    assert blog.post.tags.exclude(name="red").get() == blog.blue
    assert [tag.name for tag in blog.post.tags.all()] == ["blue", "red"]
    assert [tag.name for tag in blog.post.tags.reverse()] == ["red", "blue"]
    assert list(blog.red.posts.filter(tags__name="blue")) == []
    assert repr(blog.post.tags) == "<ManyManager tags of <Post: one>>"
    assert blog.post.tags.filter(name="red").delete()[1]["Tag"] == 1


def test_symmetrical_relations_go_both_ways(blog: SimpleNamespace) -> None:
    """Unless they are told not to."""
    blog.post.alike.add(blog.other, blog.post)
    assert blog.other.alike.get() == blog.post
    blog.other.alike.remove(blog.post)
    assert list(blog.post.alike.all()) == [blog.post]
    blog.post.alike.add(blog.other)
    blog.post.alike.clear()
    assert not blog.other.alike.exists()
    blog.post.after.add(blog.other)
    assert not blog.other.after.exists()
    assert blog.other.before.get() == blog.post


def test_a_model_of_ones_own_in_between(blog: SimpleNamespace) -> None:
    """With values of its own; declared later than what uses it."""
    reader = Reader.objects.create(name="Ann")
    blog.post.readers.add(reader, through_defaults={"minutes": 5})
    assert Reading.objects.get().minutes == 5
    assert reader.post_set.get(reading__minutes=5) == blog.post


def test_what_cannot_be_connected(blog: SimpleNamespace) -> None:
    """Said with the value."""
    with pytest.raises(FieldError) as refused:
        blog.post.tags.add(blog.other)
    assert str(refused.value) == "tags takes Tag objects or their keys, not <Post: two>"
    with pytest.raises(DataError) as refused:
        blog.post.tags.add(Tag(name="x"))
    assert str(refused.value) == (
        "<Tag: Tag object (None)> is not saved, so nothing can be connected to it. Call its save()."
    )
    with pytest.raises(DataError) as refused:
        Post(title="x").tags.all()
    assert str(refused.value) == "<Post: x> is not saved, so it is connected to no Tag yet. Call its save() first."
    with pytest.raises(FieldError) as refused:
        blog.post.tags = [blog.red]
    assert str(refused.value) == "tags cannot be assigned to. Use tags.set(…)."
    with pytest.raises(IntegrityError):
        blog.post.tags.add(999)


def test_managers_of_those_that_point_here(stocked: SimpleNamespace) -> None:
    """They set the ForeignKey of the others."""
    car = stocked.Product.objects.get(name="car")
    stocked.bears.products.add(car)
    assert car.category is stocked.bears
    assert list(stocked.bears.products.values_list("name", flat=True)) == ["bear", "熊猫公仔", "car"]
    stocked.bears.products.remove(car)
    assert car.category is None
    stocked.bears.products.set([car])
    assert list(stocked.bears.products.values_list("name", flat=True)) == ["car"]
    assert stocked.bears.products.create(name="new", price=1).category_id == stocked.bears.pk
    assert stocked.bears.products.get_or_create(name="newer", defaults={"price": 2})[1]
    stocked.bears.products.clear()
    assert stocked.bears.products.count() == 0
    assert stocked.Product.objects.count() == 6


def test_what_a_manager_of_those_that_point_here_refuses(stocked: SimpleNamespace) -> None:
    """Strangers, and to leave empty what must not be."""
    reader, other = (Reader.objects.create(name=name) for name in "ab")
    post = Post.objects.create(title="x")
    reading = reader.reading_set.create(post=post)
    with pytest.raises(FieldError) as refused:
        reader.reading_set.remove(reading)
    assert str(refused.value) == (
        "reading_set.remove() would leave Reading.reader empty, which it must not be. "
        "Declare the ForeignKey with null=True, or delete the objects."
    )
    other.reading_set.add(reading)
    assert Reading.objects.get().reader == other
    with pytest.raises(FieldError) as refused:
        reader.reading_set.add(other)
    assert str(refused.value).startswith("reading_set takes Reading objects, not <Reader")
    with pytest.raises(DataError) as unsaved:
        reader.reading_set.add(Reading(post=post))
    assert str(unsaved.value) == (
        "reading_set.add(): <Reading: Reading object (None)> is not saved. Save it first, or use bulk=False."
    )
    with pytest.raises(stocked.Category.DoesNotExist) as gone:
        stocked.bears.products.remove(stocked.Product.objects.get(name="car"))
    assert str(gone.value) == "<Product: car> is not among the products of <Category: bears>"


def test_one_to_one(blog: SimpleNamespace, queries: list[str]) -> None:
    """From the other side it is an object, looked for once."""
    reader, without = Reader.objects.create(name="Ann"), Reader.objects.create(name="Ben")
    card = Card.objects.create(text="x", reader=reader)
    again = Reader.objects.get(name="Ann")
    queries.clear()
    assert (again.card, again.card.reader) == (card, reader)
    assert len(queries) == 1
    for _ in range(2):
        with pytest.raises(Card.DoesNotExist) as none:
            without.card  # noqa: B018 - reading it is the point
    assert str(none.value).endswith("has no card")
    assert len(queries) == 2
    with pytest.raises(IntegrityError):
        Card.objects.create(text="y", reader=reader)
    assert Reader.objects.filter(card__text="x").get() == reader
    assert Reader.objects.get(card=None) == without


def test_one_to_one_for_a_whole_result(blog: SimpleNamespace, queries: list[str]) -> None:
    """Touched on one, loaded for all; or by the same query."""
    for name in "abc":
        Card.objects.create(text=name, reader=Reader.objects.create(name=name))
    Reader.objects.create(name="d")
    queries.clear()
    readers = list(Reader.objects.order_by("name"))
    assert [reader.card.text for reader in readers[:3]] == ["a", "b", "c"]
    assert len(queries) == 2
    joined = list(Reader.objects.order_by("name").select_related("card"))
    assert [reader.card.reader.name for reader in joined[:3]] == ["a", "b", "c"]
    with pytest.raises(Card.DoesNotExist):
        joined[3].card  # noqa: B018 - reading it is the point
    assert len(queries) == 3


def test_one_to_one_is_assigned(blog: SimpleNamespace) -> None:
    """From either side."""
    reader = Reader.objects.create(name="Ann")
    card = Card(text="x")
    reader.card = card
    assert card.reader is reader
    card.save()
    assert Reader.objects.get().card == card
    with pytest.raises(FieldError) as refused:
        reader.card = reader
    assert str(refused.value) == f"card takes a Card, not {reader!r}"


def test_new_objects_are_added_when_they_are_saved_one_by_one(stocked: SimpleNamespace) -> None:
    """With bulk=False, which calls their save()."""
    new = stocked.Product(name="new", price=1)
    stocked.toys.products.add(new, bulk=False)
    assert (new.pk is not None, stocked.toys.products.filter(name="new").get()) == (True, new)
    stocked.toys.products.set([stocked.Product(name="other", price=1)], bulk=False, clear=True)
    assert [product.name for product in stocked.toys.products.all()] == ["other"]
    stocked.toys.products.clear(bulk=False)
    assert stocked.toys.products.count() == 0


def test_the_model_in_between_can_be_reached(blog: SimpleNamespace) -> None:
    """From the class and from an object."""
    blog.post.tags.set([blog.red])
    assert Post.tags.through is blog.post.tags.through  # type: ignore[attr-defined] # of the class
    assert blog.post.tags.through.objects.get().tag == blog.red


def test_objects_know_the_one_that_they_were_reached_from(stocked: SimpleNamespace, queries: list[str]) -> None:
    """Without a query, however they are looked for; unless they point elsewhere by now."""
    toys = stocked.toys
    for found in (*toys.products.all(), toys.products.get(name="car"), toys.products.filter(stock=0).first()):
        queries.clear()
        assert found.category is toys
        assert queries == []
    assert list(toys.products.values_list("name", flat=True)) == ["car"]


def test_both_sides_of_a_one_to_one_are_loaded_together(blog: SimpleNamespace, queries: list[str]) -> None:
    """By select_related and by prefetch_related."""
    Card.objects.create(text="x", reader=Reader.objects.create(name="Ann"))
    for cards in (Card.objects.select_related("reader"), Card.objects.prefetch_related("reader")):
        card = cards.get()
        queries.clear()
        assert card.reader.card is card
        assert queries == []


def test_values_of_the_row_in_between_may_be_computed(blog: SimpleNamespace) -> None:
    """When it is made; get_or_create and update_or_create make one too."""
    link = {"through_defaults": {}}
    tag, new = blog.post.tags.get_or_create(name="lime", **link)
    assert (new, blog.post.tags.filter(name="lime").get()) == (True, tag)
    assert blog.post.tags.update_or_create({"name": "blue"}, name="lime", **link) == (tag, False)
    made, new = blog.post.tags.update_or_create({"name": "grey"}, name="nothing")
    assert (new, made.name, blog.post.tags.filter(name="grey").exists()) == (True, "grey", True)


def test_two_filters_over_a_relation_join_it_twice(blog: SimpleNamespace) -> None:
    """Each of the joins can be read."""
    blog.post.tags.add(blog.red, blog.blue)
    query = Post.objects.filter(tags__name="red").annotate(one=db.F("tags__name"))
    both = query.filter(tags__name="blue").annotate(two=db.F("tags__name")).values("one", "two")
    assert list(both) == [{"one": "red", "two": "blue"}]
