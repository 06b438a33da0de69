"""The C stack below green threads: what keeps a loop written in C safe from greenlet, which moves slices of it.

Why and where is told at the top of `hub.py`.
"""

import faulthandler
import os
import sys
from collections.abc import Callable
from typing import Any, Final, NoReturn

__all__ = ["deepen", "guarded_park"]

_NEST: Final = 16  # nested sorts: each keeps about 5 KiB of C stack, together more than 64 KiB


def deepen(act: Callable[[], object], levels: int = _NEST) -> None:
    """Call `act` further down the C stack: a list being sorted keeps its merge state there."""

    def key(_: int) -> int:
        deepen(act, levels - 1)
        return 0

    if levels:
        [0].sort(key=key)
    else:
        act()


def guarded_park(root: Any) -> Callable[[], None]:
    """A park that checks, when its caller is resumed, that nothing of the root's stack was moved away."""
    switch = root.switch

    def park() -> None:
        switch()
        if root._stack_saved:
            _stack_hazard()

    return park


def _stack_hazard() -> NoReturn:
    sys.stderr.write(
        "spruce: fatal: a green thread was resumed above the loop's stack frames, which on uvloop corrupts memory. "
        "Please report it with the traceback below; `--loop asyncio` has no such hazard.\n"
    )
    faulthandler.dump_traceback()
    os._exit(70)
