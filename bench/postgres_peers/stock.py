"""What the shared tables hold and what is asked of them; the products are those of the section on SQLite."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import parse_qs, urlsplit

from orm_peers.store import CATEGORIES, MAKERS, PRODUCTS, price, when
from worker import Operation, serve

__all__ = ["SHOWN", "TABLES", "URL", "fill", "parts_of_url", "serve_stock"]

URL = os.environ.get("BENCH_DATABASE") or sys.argv[1]
SHOWN = 20
"""How many rows the page over HTTP has."""
TABLES = """
    CREATE TABLE category (id BIGSERIAL PRIMARY KEY, name VARCHAR(50) NOT NULL);
    CREATE TABLE maker (id BIGSERIAL PRIMARY KEY, name VARCHAR(50) NOT NULL);
    CREATE TABLE product (
        id BIGSERIAL PRIMARY KEY,
        prod_name VARCHAR(80) NOT NULL,
        price NUMERIC(10, 2) NOT NULL,
        stock INTEGER NOT NULL,
        created TIMESTAMPTZ NOT NULL,
        category_id BIGINT NOT NULL REFERENCES category,
        maker_id BIGINT NOT NULL REFERENCES maker
    );
    CREATE INDEX product_category ON product (category_id);
    CREATE INDEX product_maker ON product (maker_id);
"""


async def fill(connection: Any) -> None:
    """Make the tables and their rows, by a connection of asyncpg's."""
    await connection.execute(TABLES)
    await connection.executemany("INSERT INTO category (name) VALUES ($1)", [(name,) for name in CATEGORIES])
    await connection.executemany("INSERT INTO maker (name) VALUES ($1)", [(name,) for name in MAKERS])
    columns = list(PRODUCTS[0])
    places = ", ".join(f"${number}" for number in range(1, len(columns) + 1))
    await connection.executemany(
        f"INSERT INTO product ({', '.join(columns)}) VALUES ({places})",
        [tuple(product.values()) for product in PRODUCTS],
    )
    await connection.execute("ANALYZE")


def parts_of_url() -> dict[str, Any]:
    """The URL as Django wants it."""
    parts = urlsplit(URL)
    host = parse_qs(parts.query).get("host", [parts.hostname or ""])[0]
    return {"NAME": parts.path[1:], "USER": parts.username, "HOST": host, "PORT": str(parts.port or "")}


def plain(product: Any) -> list[Any]:
    """A product as JSON."""
    return [
        product.id,
        product.prod_name,
        price(product.price),
        product.stock,
        when(product.created),
        product.category_id,
        product.maker_id,
    ]


def serve_stock(
    get: Callable[[Sequence[int]], list[Any]],
    page: Callable[[Sequence[int]], list[list[Any]]],
    plain: Callable[[Any], list[Any]] = plain,
) -> None:
    """Answer the bench's requests. Both take the keys of many queries, which they ask one after another."""

    def repeated(ask: Callable[[Sequence[int]], Any], cycle: int) -> Operation:
        return lambda count: ask([number % cycle + 1 for number in range(count)])

    def answers() -> dict[str, Any]:
        return {"get": plain(get([7])[-1]), "page": [plain(product) for product in page([5])[-1]]}

    serve({"get": repeated(get, len(PRODUCTS)), "page": repeated(page, len(CATEGORIES))}, answers)
