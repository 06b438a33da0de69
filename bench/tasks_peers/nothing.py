"""The job that all peers run, which does nothing but count, and tell when it was the last."""

import json
import math
import sys
import time
from pathlib import Path

__all__ = ["enqueued", "noted"]

_delays: list[float] = []


def noted(sent: float, total: int, told: str) -> None:
    """Note how long the job has waited; after `total` of them write that into the file `told`."""
    _delays.append(time.time() - sent)
    if len(_delays) == total:
        first, ordered = _delays[0], sorted(_delays)
        _delays.clear()
        p99 = ordered[math.ceil(total * 0.99) - 1]
        Path(told).write_text(json.dumps({"first": first, "p50": ordered[total // 2], "p99": p99}))


def enqueued(enqueue: object) -> None:
    """Enqueue as the command line says: how many, where to tell, seconds between them; print the CPU seconds."""
    count, told, pause = int(sys.argv[-3]), sys.argv[-2], float(sys.argv[-1])
    begun = time.process_time()
    for _ in range(count):
        enqueue(time.time(), count, told)  # type: ignore[operator] # a function
        if pause:
            time.sleep(pause)
    print(time.process_time() - begun)
