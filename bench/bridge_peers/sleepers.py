"""Start many threads that sleep for an hour; print how much memory and CPU time they took. The library is named."""

import asyncio
import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

COUNT = int(sys.argv[2])


def resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE")


def measure(spawn: Callable[..., Any], sleep: Callable[[float], Any]) -> None:
    """Compare before and after; the first thread brings what there is once."""
    threads = [spawn(sleep, 3600)]
    sleep(0.01)
    memory, seconds = resident(), time.process_time()
    threads += [spawn(sleep, 3600) for _ in range(COUNT)]
    sleep(0.5)
    print(json.dumps({"bytes": resident() - memory, "seconds": time.process_time() - seconds}), flush=True)
    os._exit(0)


async def measure_asyncio() -> None:
    memory, seconds = resident(), time.process_time()
    tasks = [asyncio.create_task(asyncio.sleep(3600)) for _ in range(COUNT)]
    await asyncio.sleep(0.5)
    print(json.dumps({"bytes": resident() - memory, "seconds": time.process_time() - seconds}), flush=True)
    os._exit(len(tasks) - COUNT)


if sys.argv[1] == "asyncio":
    asyncio.run(measure_asyncio())
elif sys.argv[1] == "spruce":
    from spruce import green

    green.run(measure, green.spawn, green.sleep)
elif sys.argv[1] == "gevent":
    import gevent

    measure(gevent.spawn, gevent.sleep)
else:
    import eventlet

    measure(eventlet.spawn, eventlet.sleep)
