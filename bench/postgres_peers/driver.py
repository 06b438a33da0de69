"""The floor: asyncpg's `fetch` on asyncio's own loop, SQL by hand, its records."""

import asyncio
from collections.abc import Sequence
from typing import Any

import asyncpg
from stock import URL, plain, serve_stock

loop = asyncio.new_event_loop()
connection = loop.run_until_complete(asyncpg.connect(URL))

COLUMNS = "id, prod_name, price, stock, created, category_id, maker_id"
GET = f"SELECT {COLUMNS} FROM product WHERE id = $1"
PAGE = f"SELECT {COLUMNS} FROM product WHERE category_id = $1 AND stock > $2 ORDER BY created DESC LIMIT 100"


class Named:
    """A record whose values are attributes, to be compared."""

    def __init__(self, record: Any) -> None:
        self.__dict__.update(record)


async def get(keys: Sequence[int]) -> list[Any]:
    rows: list[Any] = []
    for key in keys:
        rows = await connection.fetch(GET, key)
    return rows


async def page(keys: Sequence[int]) -> list[Any]:
    rows: list[Any] = []
    for key in keys:
        rows = await connection.fetch(PAGE, key, 0)
    return [rows]


serve_stock(
    lambda keys: loop.run_until_complete(get(keys)),
    lambda keys: loop.run_until_complete(page(keys)),
    plain=lambda record: plain(Named(record)),
)
