"""Declaring ManyToManyFields."""

import pytest

from spruce import db
from spruce.errors import ModelError


class Label(db.Model):
    class Meta:
        db_table = "t_label"


def test_the_model_in_between_is_made() -> None:
    """With a table named after both, and each pair once."""

    class Box(db.Model):
        labels = db.ManyToManyField(Label)

        class Meta:
            db_table = "t_m_box"

    between = Box._meta.many["labels"].between
    assert between.__name__ == "Box_labels"
    assert [column.name for column in between.__table__.columns] == ["id", "box_id", "label_id"]
    assert between._meta.db_table == "t_m_box_labels"
    assert between._meta.unique_together == (("box", "label"),)
    assert "labels" not in Box.__table__.columns


def test_abstract_models_hand_it_on() -> None:
    """A connection of its own for each."""

    class Labelled(db.Model):
        labels = db.ManyToManyField(Label, db_table="t_jar_l")

        class Meta:
            abstract = True

    class Jar(Labelled):
        class Meta:
            db_table = "t_jar"

    assert Jar._meta.many["labels"].between._meta.db_table == "t_jar_l"
    assert isinstance(Label.jar_set.field, db.ManyToManyField)  # type: ignore[attr-defined] # the other side


def test_what_is_no_model() -> None:
    """Said when it is declared."""
    with pytest.raises(ModelError) as refused:
        db.ManyToManyField(3)  # type: ignore[arg-type] # the point of the test
    assert str(refused.value) == "ManyToManyField takes a model with a table, or the name of one, not 3"


def test_a_model_in_between_needs_both_keys() -> None:
    """Or names for them."""

    class Half(db.Model):
        label = db.ForeignKey(Label, on_delete=db.CASCADE)

        class Meta:
            db_table = "t_half"

    with pytest.raises(ModelError) as refused:

        class Crate(db.Model):
            labels = db.ManyToManyField(Label, through=Half)

            class Meta:
                db_table = "t_crate"

    assert str(refused.value) == (
        "Crate.labels: Half has no ForeignKey to Crate and one to Label. "
        "Declare both, or name them: through_fields=(…, …)."
    )
    db.registry.models.pop("t_crate")


def test_through_fields_choose_among_several() -> None:
    """In the order: to here, to there."""

    class Person(db.Model):
        gave_to = db.ManyToManyField("self", through="Gift", through_fields=("giver", "taker"), symmetrical=False)

        class Meta:
            db_table = "t_person"

    class Gift(db.Model):
        payer = db.ForeignKey(Person, on_delete=db.CASCADE, related_name="+")
        taker = db.ForeignKey(Person, on_delete=db.CASCADE, related_name="+")
        giver = db.ForeignKey(Person, on_delete=db.CASCADE, related_name="+")

        class Meta:
            db_table = "t_gift"

    db.create_all()
    one, two, three = (Person.objects.create() for _ in range(3))
    Gift.objects.create(payer=three, giver=one, taker=two)
    assert one.gave_to.get() == two
    assert two.person_set.get() == one
