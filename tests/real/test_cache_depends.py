"""Pages that depend on the database, over HTTP, with several workers: never an old one, and made once for all."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from tests.real.conftest import Served
from tests.real.test_cache_redis import Server

APP = Path(__file__).with_name("cache_depends_app.py")


@pytest.fixture(scope="module")
def redis() -> Iterator[Server]:
    server = Server()
    yield server
    server.kill()


@pytest.fixture(params=["redis", "near+redis", "database"])
def served(request: pytest.FixtureRequest, tmp_path: Path, serve: Callable[..., Served]) -> Served:
    """The app with two workers and a database of its own; its cache is shared by the workers."""
    place = "database://default"
    if request.param != "database":
        server = request.getfixturevalue("redis")
        server.command("FLUSHALL")
        place = server.url.replace("redis:", f"{request.param}:")
    shutil.copy(APP, tmp_path / "app.py")
    environment = {"DATABASE": f"sqlite:///{tmp_path / 'app.db'}", "CACHE": place}
    code = "import app; app.app.app_context().__enter__(); app.db.create_all()"
    (tmp_path / "make.py").write_text(code)
    subprocess.run([sys.executable, "make.py"], cwd=tmp_path, env={**os.environ, **environment}, check=True, timeout=60)
    return serve("app.py", "--workers", "2", **environment)


def asked(served: Served, path: str, method: str = "GET") -> Any:
    status, text = served.ask(path, method)
    assert status == 200, text
    return json.loads(text)


def test_after_each_commit_every_worker_shows_what_is_there(served: Served, request: pytest.FixtureRequest) -> None:
    """Each change and each look may be in another worker."""
    near = "near" in request.node.callspec.id
    with ThreadPoolExecutor(8) as pool:  # so that both have work to do
        seen = {answer["worker"] for answer in pool.map(lambda _: asked(served, "/fresh"), range(64))}
    wrong = 0
    for number in range(60):
        seen.add(asked(served, f"/change/{number}", "POST")["worker"])
        fresh = asked(served, "/fresh")
        seen.add(fresh.pop("worker"))
        for _ in range(3):
            kept = asked(served, "/kept")
            while near and kept != fresh and wrong < 50:  # what is at hand hears of changes by messages
                wrong += 1
                kept = asked(served, "/kept")
            assert kept == fresh
    assert len(seen) == 2


def test_of_many_who_ask_at_once_one_in_all_workers_makes_the_page(served: Served) -> None:
    with ThreadPoolExecutor(40) as pool:
        answers = list(pool.map(lambda _: asked(served, "/slow"), range(80)))
    assert answers == [{"made": True}] * 80
    assert asked(served, "/visits") == {"visits": 1}
