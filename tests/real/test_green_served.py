"""A process that serves tells of its green threads on a signal, what holds it up, and which children it ended."""

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

APP = """
import os
import time
from spruce import App, green

app = App(__name__)

@app.get("/blocks")
def blocks():
    time.sleep(0.2)
    return "blocked"

@app.get("/pid")
def pid():
    return str(os.getpid())

@app.get("/spawns")
def spawns():
    green.spawn(green.sleep, 3600)
    green.sleep()
    return "spawned"
"""


def test_a_worker_tells_what_it_does(serve: Callable[..., Any], tmp_path: Path) -> None:
    """On standard error, with the line of the user's code each time."""
    (tmp_path / "app.py").write_text(APP)
    served = serve("app.py", SPRUCE_BLOCKED_AFTER="50")
    assert served.ask("/blocks") == (200, "blocked")
    assert f"{tmp_path / 'app.py'}:10 in blocks" in served.wait_for("the loop was held up for ")
    assert served.ask("/spawns") == (200, "spawned")
    served.wait_for(":sleep was stopped, since the request that spawned it is over; ")
    os.kill(int(served.ask("/pid")[1]), signal.SIGUSR1)
    served.wait_for("green threads")
    served.wait_for("_Worker.main: waits for Waiter.wait()")
