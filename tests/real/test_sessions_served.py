"""Sessions on a real server: requests of one visitor at one time, in two processes, lose nothing of each other."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest
from tests.real.test_cache_redis import Server, server

__all__ = ["server"]

APP = """
from spruce import App, db, green, session

app = App(__name__)
with app.app_context():
    db.create_all()

@app.get("/begin")
def begin():
    session["begun"] = True
    session["all"] = []
    return ""

@app.get("/add/<int:number>")
def add(number: int):
    session["all"].append(number)
    session[str(number)] = number
    green.sleep(0.05)
    return ""

@app.get("/read")
def read():
    return {"all": session["all"], "own": [key for key in session if key.isdigit()]}
"""


@pytest.mark.parametrize("engine", ["database", "cache", "cached_database"])
def test_forty_requests_at_one_time_lose_nothing(
    serve: Callable[..., Any], server: Server, tmp_path: Path, engine: str
) -> None:
    """Each adds to the same list and sets a key of its own; the cache is a Redis."""
    (tmp_path / "app.py").write_text(APP)
    served = serve("app.py", "--workers", "2", SPRUCE_SESSION_ENGINE=engine, SPRUCE_CACHES__default=server.url)
    cookie = set_cookie(served)

    def add(number: int) -> int:
        status: int = served.ask(f"/add/{number}", Cookie=cookie)[0]
        return status

    with ThreadPoolExecutor(20) as pool:
        assert set(pool.map(add, range(40))) == {200}
    status, text = served.ask("/read", Cookie=cookie)
    assert status == 200
    found = json.loads(text)
    assert sorted(found["all"]) == list(range(40))
    assert sorted(map(int, found["own"])) == list(range(40))


def set_cookie(served: Any) -> str:
    connection = HTTPConnection(served.host, served.port, timeout=30)
    try:
        connection.request("GET", "/begin")
        answer = connection.getresponse()
        answer.read()
        return str(answer.getheader("Set-Cookie")).partition(";")[0]
    finally:
        connection.close()
