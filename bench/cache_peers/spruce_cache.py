"""Spruce's cache, in a green thread."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from values import KEYS, VALUE

from spruce import green
from spruce.cache.caches import Caches
from worker import Operation, serve


def main(url: str) -> None:
    cache = Caches({"default": url})["default"]
    cache.set_many(dict.fromkeys(KEYS, VALUE))

    def get(count: int) -> None:
        for _ in range(count):
            cache.get("product:3")

    def set_(count: int) -> None:
        for _ in range(count):
            cache.set("product:3", VALUE)

    def get_many(count: int) -> None:
        for _ in range(count):
            cache.get_many(KEYS)

    operations: dict[str, Operation] = {"get": get, "set": set_, "get_many": get_many}
    serve(operations, lambda: {"get": cache.get("product:3"), "get_many": cache.get_many(KEYS)})


green.run(main, "memory://" if sys.argv[1] == "memory" else sys.argv[1])
