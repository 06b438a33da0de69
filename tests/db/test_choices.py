"""Choices as enumerations."""

import pytest

from spruce import db
from spruce.db.choices import pairs
from spruce.errors import ModelError
from spruce.i18n import gettext_lazy, override


class Size(db.TextChoices):
    SMALL = "s", "quite small"
    VERY_LARGE = "l"


class Level(db.IntegerChoices):
    LOW = 1
    HIGH = 2, "up there"


class Shirt(db.Model):
    size = db.CharField(max_length=1, choices=Size, default=Size.SMALL)
    level = db.IntegerField(choices=Level, null=True, blank=True)

    class Meta:
        db_table = "t_shirt"


def test_members_are_values_with_labels() -> None:
    """Made of the name where none is given."""
    assert Size.choices == [("s", "quite small"), ("l", "Very Large")]
    assert (Size.values, Size.labels, Size.names) == (
        ["s", "l"],
        ["quite small", "Very Large"],
        ["SMALL", "VERY_LARGE"],
    )
    assert Level.choices == [(1, "Low"), (2, "up there")]
    assert (Size.SMALL == "s", str(Size.SMALL), Level.HIGH + 1, Size("l")) == (True, "s", 3, Size.VERY_LARGE)
    assert ("s" in Size, "x" in Size, Size.SMALL in Size) == (True, False, True)


def test_fields_have_choices() -> None:
    """Stored as plain values, shown by their labels."""
    db.create_all()
    Shirt.objects.create(level=Level.HIGH)
    shirt = Shirt.objects.get(size=Size.SMALL)
    assert (type(shirt.size), shirt.level) == (str, 2)
    assert (shirt.get_size_display(), shirt.get_level_display()) == ("quite small", "up there")  # type: ignore[attr-defined] # made by the model
    shirt.size = "?"
    assert shirt.get_size_display() == "?"  # type: ignore[attr-defined] # the same
    assert Shirt.objects.filter(size__in=[Size.SMALL, Size.VERY_LARGE]).count() == 1


def test_choices_are_pairs() -> None:
    """In groups too."""
    assert pairs([("a", "A"), ("more", [("b", "B"), ("c", "C")])]) == (("a", "A"), ("b", "B"), ("c", "C"))
    assert pairs({"a": "A"}) == (("a", "A"),)
    with pytest.raises(ModelError) as refused:
        pairs(["a"])
    assert str(refused.value) == "choices are pairs of a value and its label, not 'a'"


def test_labels_are_in_the_readers_language() -> None:
    """Those that are translated when they are read."""
    [(value, label)] = pairs([("y", gettext_lazy("Yes"))])
    assert (value, str(label)) == ("y", "Yes")
    with override("zh-Hans"):
        assert str(label) == "是"
