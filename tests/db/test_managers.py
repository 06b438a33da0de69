"""Managers and QuerySets of the program's own."""

from typing import Any

import pytest

from spruce import db
from spruce.errors import NotFound


class PieceQuerySet(db.QuerySet[Any, Any]):
    def small(self) -> Any:
        return self.filter(size__lt=5)

    def total(self) -> int:
        return int(self.aggregate(t=db.Sum("size", default=0))["t"])


class VisibleManager(db.Manager[Any]):
    def get_queryset(self) -> Any:
        return super().get_queryset().filter(hidden=False)

    def named(self, name: str) -> Any:
        return self.get(name=name)


class Bin(db.Model):
    name = db.CharField(max_length=10)

    class Meta:
        db_table = "t_m_bin"


class Piece(db.Model):
    name = db.CharField(max_length=10)
    size = db.IntegerField(default=1)
    hidden = db.BooleanField(default=False)
    bin = db.ForeignKey(Bin, on_delete=db.CASCADE, null=True, related_name="pieces")
    objects = PieceQuerySet.as_manager()
    visible = VisibleManager()

    class Meta:
        db_table = "t_m_piece"
        ordering = ("id",)


class Secret(db.Model):
    name = db.CharField(max_length=10)
    hidden = db.BooleanField(default=False)
    twin = db.ForeignKey("self", on_delete=db.CASCADE, null=True)
    open = VisibleManager.from_queryset(PieceQuerySet)()

    class Meta:
        db_table = "t_m_secret"


@pytest.fixture(autouse=True)
def pieces() -> None:
    db.create_all()
    box = Bin.objects.create(name="x")
    for name, size, hidden in (("a", 1, False), ("b", 9, False), ("c", 2, True)):
        Piece.objects.create(name=name, size=size, hidden=hidden, bin=box)


def test_methods_of_a_queryset_are_everywhere() -> None:
    """On the manager, after each step, on managers of relations."""
    assert [piece.name for piece in Piece.objects.small()] == ["a", "c"]
    assert Piece.objects.exclude(name="a").order_by("name").small().total() == 2
    assert Piece.objects.total() == 12
    box = Bin.objects.get()
    assert box.pieces.small().total() == 3  # type: ignore[attr-defined] # the other side
    assert box.pieces.filter(name="b").total() == 9  # type: ignore[attr-defined] # the other side
    assert box.pieces.create(name="d").pk  # type: ignore[attr-defined] # the other side
    assert type(Piece.objects.all()) is PieceQuerySet


def test_a_manager_leaves_rows_out() -> None:
    """Wherever it is used, and nowhere else."""
    assert [piece.name for piece in Piece.visible.all()] == ["a", "b"]
    assert [piece.name for piece in Piece.visible] == ["a", "b"]
    assert Piece.visible.filter(size__gt=1).count() == 1
    assert Piece.visible.named("a").size == 1
    with pytest.raises(Piece.DoesNotExist):
        Piece.visible.named("c")
    assert Piece.objects.count() == 3
    assert type(Piece.visible.all()) is db.QuerySet


def test_the_first_manager_is_the_models_own() -> None:
    """There is no `objects` then; saving, following and deleting see every row all the same."""
    hidden = Secret(name="h", hidden=True)
    hidden.save()
    other = Secret.open.create(name="o", twin=hidden)
    assert not hasattr(Secret, "objects")
    assert Secret.open.get() == other
    assert Secret.open.get().twin == hidden
    assert list(hidden.secret_set.all()) == [other]  # type: ignore[attr-defined] # the other side
    hidden.refresh_from_db()
    with pytest.raises(NotFound):
        db.get_object_or_404(Secret, name="h")
    assert hidden.delete() == (2, {"Secret": 2})


def test_abstract_models_hand_their_managers_on() -> None:
    """Each model gets its own."""

    class Sized(db.Model):
        size = db.IntegerField()
        objects = PieceQuerySet.as_manager()

        class Meta:
            abstract = True

    class Brick(Sized):
        class Meta:
            db_table = "t_m_brick"

    db.create_all()
    Brick.objects.create(size=3)
    assert Brick.objects.small().total() == 3
