"""Sizes as people write them on a command line: 512M, 2G."""

import re
from typing import Any

import click

__all__ = ["SIZE"]

_WRITTEN = re.compile(r"(\d+(?:\.\d+)?)\s*([kmgt]?)i?b?", re.IGNORECASE).fullmatch
_UNITS = {"": 1, "k": 2**10, "m": 2**20, "g": 2**30, "t": 2**40}


class _Size(click.ParamType[int]):
    """Bytes; K, M, G and T are powers of 1,024."""

    name = "size"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Return how many bytes were meant."""
        if isinstance(value, int):
            return value
        written = _WRITTEN(value.strip())
        size = int(float(written[1]) * _UNITS[written[2].lower()]) if written else 0
        if not size:
            self.fail(f"{value!r} is no size. Write a number of bytes, or one with K, M or G: 512M.", param, ctx)
        return size


SIZE = _Size()
"""The type of an option that takes a size in bytes."""
