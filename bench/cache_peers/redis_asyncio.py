"""redis-py's asyncio client by itself, with the values as MessagePack."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

import msgspec
import redis.asyncio
from values import KEYS, VALUE

from worker import Operation, serve

pack, unpack = msgspec.msgpack.Encoder().encode, msgspec.msgpack.Decoder().decode
LOOP = asyncio.new_event_loop()
CLIENT = redis.asyncio.Redis.from_url(sys.argv[1])


async def get() -> Any:
    return unpack(await CLIENT.get("asyncio:product:3"))


async def set_() -> None:
    await CLIENT.set("asyncio:product:3", pack(VALUE), ex=300)


async def get_many() -> dict[str, Any]:
    rows = await CLIENT.mget([f"asyncio:{key}" for key in KEYS])
    return {key: unpack(row) for key, row in zip(KEYS, rows, strict=True)}


async def answers() -> dict[str, Any]:
    await CLIENT.mset({f"asyncio:{key}": pack(VALUE) for key in KEYS})
    return {"get": await get(), "get_many": await get_many()}


def repeated(function: Callable[[], Awaitable[Any]]) -> Operation:
    async def repeat(count: int) -> None:
        for _ in range(count):
            await function()

    return lambda count: LOOP.run_until_complete(repeat(count))


serve(
    {"get": repeated(get), "set": repeated(set_), "get_many": repeated(get_many)},
    lambda: LOOP.run_until_complete(answers()),
)
