"""Many rows in and out by COPY."""

import threading
from collections.abc import Iterator
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest

from spruce import db, green
from spruce.db import postgres
from spruce.db.databases import current
from spruce.errors import ConfigError, IntegrityError

BACKENDS = ["postgresql"]


def made(shop: SimpleNamespace, count: int) -> Iterator[Any]:
    for number in range(count):
        yield shop.Product(name=f"p{number}", price=Decimal(number) / 4, note="ü\t\n\\" if number == 1 else None)


def test_rows_come_in(shop: SimpleNamespace) -> None:
    """As they come out of an iterable; of objects, or of dicts."""
    assert postgres.copy_from(shop.Product, made(shop, 6000)) == 6000
    assert shop.Product.objects.count() == 6000
    found = shop.Product.objects.get(name="p1")
    assert (found.price, found.note, found.active) == (Decimal("0.25"), "ü\t\n\\", True)
    assert postgres.copy_from(shop.Maker, [{"name": "a"}, {"id": 70, "name": "b"}]) == 2
    assert list(shop.Maker.objects.order_by("name").values_list("name", "pk")) == [("a", 1), ("b", 70)]


def test_all_or_none(shop: SimpleNamespace) -> None:
    """What breaks a constraint undoes what was copied before, and the error is ours."""
    shop.Category.objects.create(name="n5500")
    with pytest.raises(IntegrityError) as refused:
        postgres.copy_from(shop.Category, ({"name": f"n{number}"} for number in range(6000)))
    assert str(refused.value).startswith("t_category.name must be unique, and another row has the same value")
    assert shop.Category.objects.count() == 1


def test_rows_go_out(stocked: SimpleNamespace) -> None:
    """Of any query, with its values in it."""
    products = stocked.Product.objects.filter(price__lt=Decimal(20), stock__isnull=False).order_by("pk")
    text = b"".join(postgres.copy_to(products.values("name", "price"), header=True))
    assert text == b"name,price\nbear,19.90\ncar,5.00\nbox,1.50\n"
    assert b"".join(postgres.copy_to(products.values("pk", "note")[:1], format="text", delimiter="|")) == b"1|\\N\n"
    assert b"".join(postgres.copy_to(stocked.Maker)).count(b"\n") == 2


def test_what_is_not_committed_goes_out_too(stocked: SimpleNamespace) -> None:
    """Inside of a transaction; and what is left half-way leaves the connection as it was."""
    with db.atomic():
        postgres.copy_from(stocked.Maker, ({"name": str(number), "country": "XX"} for number in range(20000)))
        pieces = postgres.copy_to(stocked.Maker.objects.order_by("pk"))
        assert next(pieces)
        pieces.close()
    pieces = postgres.copy_to(stocked.Maker.objects.order_by("pk"))
    next(pieces)
    pieces.close()
    assert stocked.Maker.objects.count() == 20002
    driver = current()["default"].driver
    assert driver.stats()["connections"] == driver.stats()["free"]


def test_green_threads_and_os_threads(stocked: SimpleNamespace) -> None:
    """Each where its connections are."""
    green.run(lambda: green.spawn(postgres.copy_from, stocked.Maker, [{"name": "green"}]).wait())
    found: list[Any] = []

    def work() -> None:
        postgres.copy_from(stocked.Maker, [{"name": "thread"}])
        found.append(b"".join(postgres.copy_to(stocked.Maker.objects.values("name").order_by("pk"))))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert found == [b"Steiff\nNobody\ngreen\nthread\n"]


@pytest.mark.sqlite
def test_other_databases_have_no_copy(shop: SimpleNamespace) -> None:
    """And the error says what there is."""
    with pytest.raises(ConfigError) as refused:
        postgres.copy_from(shop.Maker, [])
    assert str(refused.value) == (
        "COPY needs PostgreSQL by asyncpg, and the database 'default' is sqlite://. "
        "bulk_create() and iterator() work on every database."
    )
