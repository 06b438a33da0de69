"""Django's cache: local memory, or django-redis."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from django.conf import settings
from values import KEYS, VALUE

from worker import Operation, serve

BACKEND = (
    {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
    if sys.argv[1] == "memory"
    else {"BACKEND": "django_redis.cache.RedisCache", "LOCATION": sys.argv[1], "KEY_PREFIX": "django"}
)
settings.configure(CACHES={"default": BACKEND})

from django.core.cache import caches  # noqa: E402 - Django reads its settings when this is imported

cache = caches["default"]
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


OPERATIONS: dict[str, Operation] = {"get": get, "set": set_, "get_many": get_many}
serve(OPERATIONS, lambda: {"get": cache.get("product:3"), "get_many": cache.get_many(KEYS)})
