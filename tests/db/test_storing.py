"""Writing objects: which statement a save is, and what it insists on."""

from types import SimpleNamespace

import pytest

from spruce.errors import DatabaseError, IntegrityError


def test_keys_are_not_used_again(shop: SimpleNamespace) -> None:
    """A link to a row that was deleted never leads to another."""
    last = shop.Maker.objects.create(name="a")
    key = last.pk
    last.delete()
    assert shop.Maker.objects.create(name="b").pk == key + 1


def test_force_insert_and_update_fields_insist(shop: SimpleNamespace) -> None:
    """On a new row, and on one that exists."""
    shop.Maker.objects.create(name="a")
    with pytest.raises(IntegrityError, match=r"t_maker\.id must be unique, and another row has the same value"):
        shop.Maker(id=1, name="b").save(force_insert=True)
    with pytest.raises(DatabaseError) as refused:
        shop.Maker(id=5, name="b").save(update_fields=["name"])
    assert str(refused.value) == (
        "<Maker: b> was not saved: update_fields writes to a row that exists, and there is none"
    )


def test_a_save_can_be_told_what_to_do(shop: SimpleNamespace, queries: list[str]) -> None:
    """An update wants a row, an insert wants none, and no fields are no statement."""
    maker = shop.Maker(name="a", id=7)
    with pytest.raises(DatabaseError) as missing:
        maker.save(force_update=True)
    assert str(missing.value) == ("<Maker: a> was not saved: force_update wants a row that exists, and there is none")
    maker.save(force_insert=True)
    maker.name = "b"
    maker.save(force_update=True)
    assert shop.Maker.objects.get(id=7).name == "b"
    with pytest.raises(IntegrityError):
        maker.save(force_insert=True)
    with pytest.raises(ValueError, match="save\\(\\) cannot force an insert and an update: choose one"):
        maker.save(force_insert=True, force_update=True)
    queries.clear()
    maker.save(update_fields=[])
    assert queries == []
