"""Signals: who is told of what, when, and that nobody pays when nobody listens."""

import gc
import logging
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from spruce import db
from spruce.db import signals
from spruce.db.signals import (
    Signal,
    class_prepared,
    m2m_changed,
    post_delete,
    post_save,
    pre_delete,
    pre_save,
    receiver,
)


class Label(db.Model):
    name = db.CharField(max_length=10)

    class Meta:
        db_table = "t_signal_label"


class Box(db.Model):
    name = db.CharField(max_length=10)
    labels = db.ManyToManyField(Label, related_name="boxes")

    class Meta:
        db_table = "t_signal_box"


class Item(db.Model):
    box = db.ForeignKey(Box, on_delete=db.CASCADE)

    class Meta:
        db_table = "t_signal_item"


@pytest.fixture
def told() -> Iterator[list[Any]]:
    """What the signals of these models tell, in order."""
    db.create_all()
    seen: list[Any] = []
    connected: list[tuple[Signal, Any, Any]] = []

    def listen(signal: Signal, name: str, sender: Any) -> None:
        def note(sender: Any, instance: Any, **more: Any) -> None:
            told = {key: more[key] for key in ("created", "action", "update_fields") if more.get(key) is not None}
            seen.append((name, type(instance).__name__, *told.values()))

        signal.connect(note, sender=sender, weak=False)
        connected.append((signal, note, sender))

    for name in ("pre_save", "post_save", "pre_delete", "post_delete"):
        for model in (Box, Item):
            listen(getattr(signals, name), name, model)
    listen(m2m_changed, "m2m", Box.labels.through if hasattr(Box.labels, "through") else Box.labels.field.between)  # type: ignore[attr-defined] # of the class
    yield seen
    for signal, note, sender in connected:
        assert signal.disconnect(note, sender=sender)


def test_saving_tells_before_and_after(told: list[Any]) -> None:
    """Whether the row is new, and which fields are written; of create and get_or_create too."""
    box = Box(name="a")
    box.save()
    box.save()
    box.save(update_fields=["name"])
    Box.objects.create(name="b")
    Box.objects.get_or_create(name="c")
    Label.objects.create(name="x")
    new = [("pre_save", "Box"), ("post_save", "Box", True)]
    assert told == [
        *new,
        ("pre_save", "Box"),
        ("post_save", "Box", False),
        ("pre_save", "Box", frozenset({"name"})),
        ("post_save", "Box", False, frozenset({"name"})),
        *new,
        *new,
    ]


def test_statements_on_many_rows_tell_nothing(told: list[Any]) -> None:
    """As no object is saved."""
    Box.objects.bulk_create([Box(name="a"), Box(name="b")])
    Box.objects.update(name="c")
    assert told == []


def test_deleting_tells_of_each_object(told: list[Any]) -> None:
    """Of those too that are deleted with it; the object itself is what its delete() was called on."""
    box = Box.objects.create(name="a")
    Item.objects.create(box=box)
    other = Box.objects.create(name="b")
    told.clear()
    seen: list[Any] = []

    def keep(instance: Any, origin: Any, **more: Any) -> None:
        seen.append((instance, origin))

    pre_delete.connect(keep, sender=Box)
    box.delete()
    assert told == [
        ("pre_delete", "Box"), ("pre_delete", "Item"), ("post_delete", "Item"), ("post_delete", "Box"),
    ]  # fmt: skip
    assert seen[0][0] is box is seen[0][1]
    query = Box.objects.filter(name="b")
    assert query.delete() == (1, {"Box": 1})
    assert (seen[1][0].name, seen[1][1].model, other.pk) == ("b", Box, other.pk)


def test_many_to_many_tells_what_changes(told: list[Any]) -> None:
    """From either side, with the keys of the other."""
    keys: list[Any] = []

    def keep(pk_set: Any, reverse: bool, model: Any, **more: Any) -> None:
        keys.append((pk_set, reverse, model))

    m2m_changed.connect(keep)
    box, label = Box.objects.create(name="a"), Label.objects.create(name="x")
    told.clear()
    box.labels.add(label)
    box.labels.add(label)
    label.boxes.remove(box)
    box.labels.clear()
    assert [entry[2] for entry in told] == [
        "pre_add", "post_add", "pre_add", "post_add", "pre_remove", "post_remove", "pre_clear", "post_clear",
    ]  # fmt: skip
    assert keys[0] == ({label.pk}, False, Label)
    assert keys[2] == (set(), False, Label)
    assert keys[4] == ({box.pk}, True, Box)
    assert keys[6] == (None, False, Label)


def test_a_save_of_the_models_own_runs_on_create() -> None:
    """So that what it does is always done."""

    class Shouted(db.Model):
        name = db.CharField(max_length=10)

        class Meta:
            db_table = "t_shouted"

        def save(self, **options: Any) -> None:
            self.name = self.name.upper()
            super().save(**options)

    db.create_all()
    assert Shouted.objects.create(name="a").name == "A"
    assert Shouted.objects.get_or_create(name="b")[0].name == "B"


def test_declaring_a_model_is_told() -> None:
    """Not of abstract ones, which have no table."""
    seen: list[str] = []

    @receiver(class_prepared)
    def note(sender: Any, **more: Any) -> None:
        seen.append(sender._meta.db_table)

    class Abstract(db.Model):
        class Meta:
            abstract = True

    class Concrete(Abstract):
        class Meta:
            db_table = "t_concrete"

    assert seen == ["t_concrete"]


def test_functions_that_nothing_else_holds_are_forgotten() -> None:
    """Methods when their object goes; unless weak=False."""
    signal = Signal()

    class Listener:
        def hear(self, **more: Any) -> str:
            return "method"

    def hear(**more: Any) -> str:
        return "function"

    listener = Listener()
    signal.connect(listener.hear)
    signal.connect(hear)
    signal.connect(lambda **more: "kept", weak=False)
    assert [result for _, result in signal.send(None)] == ["method", "function", "kept"]
    del listener, hear
    gc.collect()
    assert [result for _, result in signal.send(None)] == ["kept"]
    assert len(signal.listeners) == 1


def test_a_receiver_is_connected_once() -> None:
    """By itself or by its dispatch_uid; senders are told apart."""
    signal = Signal()
    calls: list[Any] = []

    def hear(sender: Any, **more: Any) -> None:
        calls.append(sender)

    for _ in range(2):
        signal.connect(hear)
        signal.connect(hear, sender=int)
        signal.connect(lambda **more: calls.append("uid"), weak=False, dispatch_uid="mine")
    signal.send(int)
    assert calls == [int, int, "uid"]
    assert (signal.has_listeners(str), signal.disconnect(hear), signal.disconnect(hear)) == (True, True, False)
    assert signal.disconnect(dispatch_uid="mine")
    assert (signal.has_listeners(str), signal.has_listeners(int)) == (False, True)


def test_errors_of_receivers(caplog: pytest.LogCaptureFixture) -> None:
    """They reach the caller; send_robust logs them and goes on."""
    signal = Signal()

    def fail(**more: Any) -> None:
        raise ZeroDivisionError("once")

    def hear(**more: Any) -> str:
        return "heard"

    signal.connect(fail)
    signal.connect(hear)
    with pytest.raises(ZeroDivisionError):
        signal.send(None)
    with caplog.at_level(logging.ERROR):
        (_, error), (_, heard) = signal.send_robust(None)
    assert (str(error), heard) == ("once", "heard")
    assert caplog.messages == [f"a receiver of a signal raised: {fail!r}"]


def test_async_receivers_are_waited_for() -> None:
    """As any awaitable is."""
    signal = Signal()

    async def hear(**more: Any) -> str:
        return "heard"

    signal.connect(hear)
    assert signal.send(None) == [(hear, "heard")]


def test_what_is_no_receiver() -> None:
    """It has to take arguments that are not there yet."""
    with pytest.raises(TypeError) as refused:
        Signal().connect(len)
    assert str(refused.value) == (
        "<built-in function len> cannot be connected: a receiver takes keywords, as `**kwargs`"
    )


def test_nobody_pays_when_nobody_listens(shop: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> None:
    """No signal is sent, and a delete stays one statement."""

    def forbidden(*_: Any, **__: Any) -> None:
        raise AssertionError("a signal was sent")

    monkeypatch.setattr(Signal, "send", forbidden)
    monkeypatch.setattr(Signal, "has_listeners", forbidden)
    assert not any(signal.listeners for signal in (pre_save, post_save, pre_delete, post_delete, m2m_changed))
    maker = shop.Maker.objects.create(name="a")
    maker.save()
    product = shop.Product.objects.create(name="b", price=1)
    product.delete()
    maker.delete()
