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
from collections.abc import Callable
from typing import Any

__all__ = ["Operation", "serve"]

Operation = Callable[[int], None]


def serve(
    operations: dict[str, Operation],
    answers: Callable[[], dict[str, Any]],
    *,
    reset: Callable[[], None] = lambda: None,
) -> None:
    """Answer requests until standard input ends. `reset` runs after each operation, outside the timing."""
    for line in sys.stdin:
        request = json.loads(line)
        if request["operation"] == "answers":
            reply = answers()
        else:
            reply = {"seconds": timed(operations[request["operation"]], request["count"])}
            reset()
        sys.stdout.write(json.dumps(reply) + "\n")
        sys.stdout.flush()


def timed(operation: Operation, count: int) -> float:
    """Return the CPU seconds, user and system, that `count` operations took."""
    gc.collect()
    before = time.process_time()
    operation(count)
    return time.process_time() - before
