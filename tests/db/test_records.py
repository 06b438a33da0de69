"""What every part of the package knows of a model."""

from types import SimpleNamespace

from spruce.db.records import Record


def test_every_object_is_a_record(shop: SimpleNamespace) -> None:
    """One that is new came from no database, and belongs to no result."""
    made = shop.Product(name="bear")
    assert isinstance(made, Record)
    assert (made._db, made._batch, made._partial) == (None, None, False)
    assert issubclass(shop.Product, Record)
