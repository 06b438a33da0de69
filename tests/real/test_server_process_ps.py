"""`spruce ps` with servers that run, and one whose loop stands still."""

import json
import subprocess
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from tests.real.conftest import SPRUCE

APP = """
    import os
    from spruce import App, green
    from spruce.patching import original

    block_for = original("time").sleep
    app = App(__name__)

    @app.get("/wait/<int:number>")
    def wait(number):
        open("begun", "w").close()
        while not os.path.exists("go"):
            green.sleep(0.01)
        return "done"

    @app.get("/block")
    def block():
        open("begun", "w").close()
        while not os.path.exists("go"):
            block_for(0.01)
        return "done"
"""


def ps(folder: Path, *arguments: str) -> str:
    environment = {"SPRUCE_RUN_DIR": str(folder / "run")}
    told = subprocess.run(
        [SPRUCE, "ps", *arguments], env=environment, capture_output=True, text=True, timeout=60, check=True
    )
    return told.stdout


def wait_until_begun(folder: Path) -> None:
    while not (folder / "begun").exists():
        pass


def test_it_shows_workers_and_requests(serve: Callable[..., Any], tmp_path: Path) -> None:
    """Of each server that runs here, the ones alone too."""
    (tmp_path / "shop.py").write_text(dedent(APP))
    served = serve("shop.py", "--workers", "2", SPRUCE_RUN_DIR=str(tmp_path / "run"))
    alone = serve("shop.py", "--workers", "0", SPRUCE_RUN_DIR=str(tmp_path / "run"))
    with ThreadPoolExecutor(1) as threads:
        answer = threads.submit(served.ask, "/wait/7")
        wait_until_begun(tmp_path)
        instances = {one["pid"]: one for one in json.loads(ps(tmp_path, "--json", "--stacks"))}
        told = ps(tmp_path, str(served.process.pid))
        (tmp_path / "go").touch()
        assert answer.result() == (200, "done")
    assert set(instances) == {served.process.pid, alone.process.pid}
    assert [one["pid"] for one in instances[alone.process.pid]["processes"]] == [alone.process.pid]
    instance = instances[served.process.pid]
    assert (instance["state"], instance["addresses"], instance["workers"]) == ("serving", [served.url], 2)
    ((request,),) = [one["in_flight"] for one in instance["processes"] if one["in_flight"]]
    assert (request["path"], request["route"]) == ("/wait/7", "/wait/<int:number>")
    assert "in wait\n    green.sleep(0.01)\n" in request["stack"][-2] + request["stack"][-1]
    assert f"spruce {served.process.pid}  serving  up " in told
    assert "GET /wait/7  [/wait/<int:number>]  waits for sleep()" in told


@pytest.mark.parametrize("options", [[], ["--patch"]])
def test_a_worker_that_stands_still_is_shown_with_its_stack(
    serve: Callable[..., Any], tmp_path: Path, options: list[str]
) -> None:
    (tmp_path / "shop.py").write_text(dedent(APP))
    served = serve("shop.py", *options, SPRUCE_RUN_DIR=str(tmp_path / "run"))
    with ThreadPoolExecutor(1) as threads:
        answer = threads.submit(served.ask, "/block")
        wait_until_begun(tmp_path)
        ((worker,),) = [one["processes"] for one in json.loads(ps(tmp_path, "--json"))]
        (tmp_path / "go").touch()
        assert answer.result() == (200, "done")
    (request,) = worker["in_flight"]
    assert worker["held_up"] > 0
    assert (request["path"], request["does"]) == ("/block", "runs")
    assert "in block\n    block_for(0.01)\n" in "".join(request["stack"])
    assert served.stop() == 0
    assert ps(tmp_path) == "No server of Spruce runs here\n"
