"""Ids of traces, transactions and spans: random, and formatted only where somebody wants to read them."""

import os
import random

__all__ = ["ENDS", "leaf_id", "new_id", "random_bits"]

_ids = random.Random()  # noqa: S311 - ids of traces are no secrets; a program may seed the shared one
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_ids.seed)
random_bits = _ids.getrandbits
"""A random number of so many bits."""

ENDS = tuple(f"{number:03x}" for number in range(1, 1025))
"""The last digits of the ids of a transaction's first leaves, by place: adding texts costs less than formatting."""


def new_id(length: int = 16) -> str:
    """A random id of so many hexadecimal digits."""
    return f"{random_bits(length * 4):0{length}x}"


def leaf_id(transaction: str, place: int) -> str:
    """The id of what stands at a place of a transaction, whose own id ends in three zeros."""
    if place < len(ENDS):
        return transaction[:13] + ENDS[place]
    return f"{int(transaction, 16) + place + 1:016x}"
