"""The same from plain functions in green threads, with `await_`, on the loop that the command line names."""

import asyncio
import sys
from typing import Any

import asyncpg

from spruce import green
from worker import serve

CONNECTIONS = 20


async def same(value: int) -> int:
    return value


def ready(count: int) -> None:
    for number in range(count):
        green.await_(same(number))


def turn(count: int) -> None:
    for _ in range(count):
        green.await_(asyncio.sleep(0))


def query(connection: asyncpg.Connection, count: int) -> None:
    for number in range(count):
        green.await_(connection.fetchval("select $1::int", number))


def main() -> None:
    connections = [green.await_(asyncpg.connect(sys.argv[1])) for _ in range(CONNECTIONS)]

    def work(count: int) -> None:
        for thread in [green.spawn(query, connection, -(-count // CONNECTIONS)) for connection in connections]:
            thread.wait()

    def answers() -> dict[str, Any]:
        value = green.await_(connections[0].fetchval("select $1::int", 7))
        return {"ready": green.await_(same(7)), "asyncpg": value}

    serve({"ready": ready, "turn": turn, "asyncpg": work}, answers)


green.run(main, loop=sys.argv[2])
