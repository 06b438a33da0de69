"""`spruce run --patch`: views use blocking libraries, and one worker answers others meanwhile."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

APP = """
import threading
import time

import requests

from spruce import App

app = App(__name__)
barrier = threading.Barrier(10)


@app.get("/slow")
def slow():
    barrier.wait()
    return "slow"


@app.get("/calls")
def calls(url: str):
    return requests.get(url, timeout=20).text
"""


def test_views_that_call_the_server_itself(serve: Callable[..., Any], tmp_path: Path) -> None:
    """Ten that wait for ten others, in one process with one loop."""
    (tmp_path / "app.py").write_text(APP)
    served = serve("app.py", "--patch")
    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(served.ask, [f"/calls?url={served.url}/slow"] * 10))
    assert answers == [(200, "slow")] * 10
    assert "imported before the program was patched" not in served.output
