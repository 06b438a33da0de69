"""The measured side of a peer process: runs the operations that standard input names, answers with CPU time.

A peer script makes a dictionary of operations and calls `serve`. Each line in is `{"operation": name, "count": n}`;
the line out is `{"seconds": CPU seconds of this process for n operations}`. `{"operation": "answers"}` asks for the
results of every operation, to be compared with the other peers' before anything is timed.
"""

from __future__ import annotations

import gc
import json
import sys
import time
import tracemalloc
from collections.abc import Callable
from typing import Any

__all__ = ["Operation", "serve"]

Operation = Callable[[int], None]


def serve(
    operations: dict[str, Operation],
    answers: Callable[[], dict[str, Any]],
    *,
    reset: Callable[[], None] = lambda: None,
    load: Callable[[], Any] = list,
) -> None:
    """Answer requests until standard input ends. `reset` runs after each operation, outside the timing.

    `{"operation": "memory"}` is answered with the bytes that what `load` returns takes.
    """
    for line in sys.stdin:
        request = json.loads(line)
        if request["operation"] == "answers":
            reply = answers()
        elif request["operation"] == "memory":
            reply = {"bytes": taken(load)}
        else:
            reply = {"seconds": timed(operations[request["operation"]], request["count"])}
            reset()
        sys.stdout.write(json.dumps(reply) + "\n")
        sys.stdout.flush()


def taken(load: Callable[[], Any]) -> int:
    """Return the bytes that are kept for the result of `load`."""
    load()  # what is made once only
    gc.collect()
    tracemalloc.start()
    loaded = load()
    gc.collect()
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    del loaded
    return kept


def timed(operation: Operation, count: int) -> float:
    """Return the CPU seconds, user and system, that `count` operations took."""
    gc.collect()
    before = time.process_time()
    operation(count)
    return time.process_time() - before
