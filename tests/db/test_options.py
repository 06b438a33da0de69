"""What a model knows of itself, and the registry of all models."""

from types import SimpleNamespace
from typing import Any

import pytest

from spruce import db
from spruce.errors import IntegrityError, ModelError

pytestmark = pytest.mark.sqlite


def test_table_names_are_the_models_in_snake_case() -> None:
    """Unless Meta has another."""

    class OrderItemHTTP(db.Model):
        pass

    assert OrderItemHTTP._meta.db_table == "order_item_http"
    assert OrderItemHTTP._meta.label.endswith("OrderItemHTTP")
    assert repr(OrderItemHTTP._meta) == f"<Options of {OrderItemHTTP._meta.label}>"
    assert (OrderItemHTTP._meta.pk.name, [field.name for field in OrderItemHTTP._meta.fields]) == ("id", ["id"])


def test_a_model_of_the_same_name_in_the_same_module_is_replaced() -> None:
    """As after a reload, or in a notebook."""

    def declare() -> Any:
        class Again(db.Model):
            class Meta:
                db_table = "t_again"

        return Again

    first, second = declare(), declare()
    assert first.__table__ is not second.__table__
    assert db.registry.models["t_again"] is second


def declare(name: str, body: dict[str, Any], **meta: Any) -> Any:
    return type(db.Model)(name, (db.Model,), {"__module__": __name__, "Meta": type("Meta", (), meta), **body})


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: declare("Other", {}, db_table="t_maker"),
         "tests.db.test_options.Other and tests.db.conftest.Maker have the same table 't_maker'. Give one of them "
         "another name with `class Meta: db_table = …`."),
        (lambda: declare("Bad", {}, order=["x"]),
         "Bad.Meta has no option 'order'; did you mean 'ordering'? Options: abstract, app_label, "
         "constraints, db_table, db_table_comment, default_permissions, default_related_name, "
         "get_latest_by, indexes, managed, order_with_respect_to, ordering, permissions, proxy, unique_together, "
         "verbose_name, verbose_name_plural."),
        (lambda: declare("Bad", {"a__b": db.TextField()}),
         "Bad.a__b: a field's name has no underscore at its ends and no two in a row"),
        (lambda: declare("Bad", {"a b": db.TextField()}),
         "Bad: 'a b' can be no field, because no attribute can have this name"),
        (lambda: declare("Bad", {"objects": db.TextField()}),
         "Bad.objects: a field cannot have this name, which every model uses itself"),
        (lambda: declare("Bad", {"a": db.CharField(primary_key=True), "b": db.CharField(primary_key=True)}),
         "Bad has two primary keys: a, b"),
        (lambda: declare("Bad", {"id": db.CharField()}),
         "Bad.id must be the primary key. Or rename it."),
    ],
)  # fmt: skip
def test_declarations_that_cannot_work(shop: SimpleNamespace, make: Any, message: str) -> None:
    """Are refused where they stand."""
    with pytest.raises(ModelError) as refused:
        make()
    assert str(refused.value).replace("<locals>.", "") == message


def test_both_a_field_and_the_key_of_a_relation(shop: SimpleNamespace) -> None:
    """Two things cannot have one name."""
    body = {"maker": db.ForeignKey(shop.Maker, on_delete=db.CASCADE, related_name="+"), "maker_id": db.IntegerField()}
    with pytest.raises(ModelError) as refused:
        declare("Bad", body)
    assert str(refused.value) == "Bad.maker_id is both a field and the key of Bad.maker"


class Seat(db.Model):
    hall = db.CharField()
    number = db.IntegerField()

    class Meta:
        db_table = "t_seat"
        unique_together = ("hall", "number")


def test_fields_may_be_unique_together(shop: SimpleNamespace) -> None:
    """The database refuses a second such row."""
    Seat.objects.create(hall="a", number=1)
    Seat.objects.create(hall="a", number=2)
    with pytest.raises(IntegrityError) as refused:
        Seat.objects.create(hall="a", number=1)
    assert str(refused.value) == (
        "t_seat.hall, t_seat.number must be unique, and another row has the same value "
        "(UNIQUE constraint failed: t_seat.hall, t_seat.number)"
    )


def test_a_foreign_key_may_name_a_model_that_comes_later() -> None:
    """It is found when it is declared; until then using it says so."""

    class Early(db.Model):
        late = db.ForeignKey("LastOfAll", on_delete=db.CASCADE, null=True)

        class Meta:
            db_table = "t_early"

    with pytest.raises(ModelError) as refused:
        _ = Early.__table__
    assert str(refused.value) == (
        "Early.late points to 'LastOfAll', and there is no such model. "
        "Import the module that declares it before the first query."
    )

    class LastOfAll(db.Model):
        class Meta:
            db_table = "t_late"

    assert Early._meta.field("late").target is LastOfAll
    assert Early.__table__.c.late_id.references(LastOfAll.__table__.c.id)


def test_a_foreign_key_may_name_a_model_that_came_before(shop: SimpleNamespace) -> None:
    """Found at once."""
    model = declare("Named", {"maker": db.ForeignKey("Category", db.CASCADE, related_name="+")}, db_table="t_named")
    assert model._meta.field("maker").target is shop.Category


def test_two_keys_to_one_model_need_two_names(shop: SimpleNamespace) -> None:
    """Nothing of the model is left behind when it is refused."""
    before = list(shop.Maker._meta.pointing)
    keys = {name: db.ForeignKey(shop.Maker, db.CASCADE) for name in ("first", "second")}
    with pytest.raises(ModelError) as refused:
        declare("Twice", keys, db_table="t_twice")
    assert str(refused.value) == (
        "Twice.second and another field of the model would both be 'twice_set' on Maker. "
        "Give one of them another related_name."
    )
    assert "t_twice" not in db.registry.models
    assert shop.Maker._meta.pointing == before
