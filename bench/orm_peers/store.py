"""The store that every peer keeps: what is in it, what is asked of it, and how answers are made comparable."""

from __future__ import annotations

import datetime
import decimal
import sqlite3
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from worker import Operation, serve

__all__ = ["CATEGORIES", "MAKERS", "PATH", "PRODUCTS", "Store", "configure", "created_at", "serve_store"]

CATEGORIES = [f"category {number}" for number in range(1, 21)]
MAKERS = [f"maker {number}" for number in range(1, 11)]
PATH = sys.argv[1]
EPOCH = datetime.datetime(2024, 1, 1, tzinfo=datetime.UTC)


def created_at(number: int) -> datetime.datetime:
    """A time that differs from product to product and isn't in their order; never on a whole second."""
    return EPOCH + datetime.timedelta(minutes=number * 7919 % 100_003, microseconds=number)


PRODUCTS: list[dict[str, Any]] = [
    {
        "prod_name": f"product {number}",
        "price": decimal.Decimal(number % 900 * 11 + 99) / 100,
        "stock": number % 50 + 1,
        "created": created_at(number),
        "category_id": number % len(CATEGORIES) + 1,
        "maker_id": number % len(MAKERS) + 1,
    }
    for number in range(1, 2001)
]


def configure(connection: sqlite3.Connection) -> None:
    """Set what every peer's connection has: write-ahead log, no fsync per commit, foreign keys checked."""
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("PRAGMA foreign_keys = ON")


@dataclass(frozen=True)
class Store:
    """A peer's way to do each thing. Queries give product objects; `joined` ones have category and maker loaded."""

    table: str
    get: Callable[[int], Any]
    page: Callable[[int], Iterable[Any]]  # the newest 100 of a category that are in stock
    joined: Callable[[int], Iterable[Any]]  # the first 10 with at least so much in stock
    create: Callable[[int], Any]
    update: Callable[[int], Any]  # one more in stock, added by the database
    plain: Callable[[Any], list[Any]] = lambda product: [
        product.id,
        product.prod_name,
        price(product.price),
        product.stock,
        when(product.created),
        product.category_id,
        product.maker_id,
    ]
    everything: Callable[[], Iterable[Any]] = list  # all products
    names: Callable[[Any], list[Any]] = lambda product: [product.category.name, product.maker.name]


def price(value: Any) -> str:
    """A price as text, whatever a driver keeps it as."""
    return str(decimal.Decimal(str(value)).quantize(decimal.Decimal("0.01")))


def when(value: datetime.datetime | str) -> str:
    """A time as text in UTC; a naive one is in UTC already."""
    moment = datetime.datetime.fromisoformat(value) if isinstance(value, str) else value
    return moment.replace(tzinfo=None).isoformat()


def serve_store(store: Store) -> None:
    """Answer the bench's requests until it has had enough."""
    cleaner = sqlite3.connect(PATH, isolation_level=None)

    def reset() -> None:
        cleaner.execute(f"DELETE FROM {store.table} WHERE id > ?", (len(PRODUCTS),))

    def repeated(ask: Callable[[int], Any], cycle: int) -> Operation:
        def operation(count: int) -> None:
            for number in range(count):
                ask(number % cycle + 1)

        return operation

    def answers() -> dict[str, Any]:
        store.update(3)
        result = {
            "get": store.plain(store.get(7)),
            "page": [store.plain(product) for product in store.page(5)],
            "joined": [store.plain(product) + store.names(product) for product in store.joined(40)],
            "update": store.plain(store.get(3)),
            "create": store.plain(store.get(store.create(2001).id))[1:],
        }
        reset()
        return result

    operations = {
        "get": repeated(store.get, len(PRODUCTS)),
        "page": repeated(store.page, len(CATEGORIES)),
        "joined": repeated(store.joined, 45),
        "create": repeated(store.create, len(PRODUCTS)),
        "update": repeated(store.update, len(PRODUCTS)),
    }
    serve(operations, answers, reset=reset, load=lambda: [list(store.everything()) for _ in range(5)])
