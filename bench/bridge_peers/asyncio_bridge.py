"""asyncio as it comes: its own loop, `await`, a task for each that works."""

import asyncio
import sys
from collections.abc import Coroutine
from typing import Any

import asyncpg

from worker import serve

CONNECTIONS = 20
loop = asyncio.new_event_loop()
asyncio.set_event_loop(loop)


def do(coroutine: Coroutine[Any, Any, Any]) -> Any:
    return loop.run_until_complete(coroutine)


async def same(value: int) -> int:
    return value


async def ready(count: int) -> None:
    for number in range(count):
        await same(number)


async def turn(count: int) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


async def query(connection: asyncpg.Connection, count: int) -> None:
    for number in range(count):
        await connection.fetchval("select $1::int", number)


async def work(count: int) -> None:
    await asyncio.gather(*(query(connection, -(-count // CONNECTIONS)) for connection in connections))


async def connect() -> list[asyncpg.Connection]:
    return [await asyncpg.connect(sys.argv[1]) for _ in range(CONNECTIONS)]


async def answers() -> dict[str, Any]:
    return {"ready": await same(7), "asyncpg": await connections[0].fetchval("select $1::int", 7)}


connections = do(connect())
operations = {"ready": ready, "turn": turn, "asyncpg": work}
serve({name: lambda count, work=work: do(work(count)) for name, work in operations.items()}, lambda: do(answers()))
