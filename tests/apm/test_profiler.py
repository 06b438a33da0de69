"""The sampling profiler: which stacks belong to which transaction."""

import asyncio
import sys
import threading
from pathlib import Path
from typing import Any

from spruce import green
from spruce.apm import Client
from spruce.apm.flights import Flights
from spruce.apm.history import History
from spruce.apm.profiler import Profiler
from spruce.http import Request
from spruce.server import asgi


def seen(profiler: Profiler) -> dict[tuple[str, bool], set[str]]:
    """The names of the functions in what was found, by transaction and whether it waited."""
    found: dict[tuple[str, bool], set[str]] = {}
    for one in profiler.take():
        found.setdefault((one.name, one.waiting), set()).update(code.co_name for code in one.stack)
    return found


def compute(profiler: Profiler) -> None:
    """Be sampled while running, as its own thread would do it from outside."""
    thread = threading.Thread(target=profiler.sample)
    thread.start()
    thread.join()


def wait_for(event: green.Event) -> Any:
    return event.wait()


def test_what_runs_and_what_waits_is_told_apart(client: Client) -> None:
    profiler = Profiler(100)

    def waits(event: green.Event) -> None:
        client.begin_transaction("request")
        wait_for(event)
        client.end_transaction("GET /waits")

    def computes() -> None:
        client.begin_transaction("request")
        for _ in range(10):
            compute(profiler)
        client.end_transaction("GET /computes")

    def main() -> None:
        event = green.Event()
        waiting = green.spawn(waits, event)
        green.sleep()
        green.spawn(computes).wait()
        event.send()
        waiting.wait()

    green.run(main)
    found = seen(profiler)
    assert set(found) == {("GET /waits", True), ("GET /computes", False)}
    assert "compute" in found["GET /computes", False]
    assert "wait_for" in found["GET /waits", True]


def test_what_a_request_has_spawned_counts_for_it(client: Client) -> None:
    profiler = Profiler(100)

    def asks() -> None:
        client.begin_transaction("request")
        green.spawn(compute, profiler).wait()
        client.end_transaction("GET /spawns")

    green.run(lambda: green.spawn(asks).wait())
    assert set(seen(profiler)) == {("GET /spawns", False)}


def test_what_has_no_name_yet_waits_for_it(client: Client) -> None:
    profiler = Profiler(100)

    def asks() -> None:
        client.begin_transaction("request")
        compute(profiler)
        assert profiler.take() == []
        client.end_transaction("GET /later")

    green.run(lambda: green.spawn(asks).wait())
    assert set(seen(profiler)) == {("GET /later", False)}
    assert profiler.take() == []


def test_what_is_in_no_transaction_is_not_kept(client: Client) -> None:
    profiler = Profiler(100)
    green.run(lambda: green.spawn(compute, profiler).wait())
    assert profiler.take() == []


def test_an_asgi_app_is_seen_where_it_computes_and_where_it_waits(client: Client, tmp_path: Path) -> None:
    """In its task and those that this starts; the green thread that only waits for it counts for nothing."""
    profiler = Profiler(100)
    flights = Flights(History(tmp_path / "viewer.db"))

    async def part() -> None:
        compute(profiler)

    async def pauses() -> None:
        paused.append(True)
        await gate.wait()

    async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
        assert scope["type"] == "http", "it has no lifespan"
        for _ in range(10):
            compute(profiler)
        await asyncio.create_task(part())
        await pauses()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"done"})

    handler = asgi(app)

    def asks() -> None:
        client.begin_transaction("request")
        request = Request("GET", "/", [(b"host", b"x")])
        flights.asked(request)
        assert handler(request).data == b"done"
        client.end_transaction("GET /")

    def main() -> None:
        thread = green.spawn(asks)
        while not paused:
            green.sleep()
        for _ in range(10):
            compute(profiler)
        gate.set()
        thread.wait()

    gate = asyncio.Event()
    paused: list[bool] = []
    green.run(main)
    found = seen(profiler)
    assert {"app", "compute", "part"} <= found["GET /", False]
    assert {"app", "pauses", "wait"} <= found["GET /", True]
    assert "respond" not in found["GET /", True]


def test_it_runs_between_start_and_stop(client: Client) -> None:
    """And leaves the interpreter as it was."""
    before = sys.getswitchinterval()
    profiler = Profiler(1000)
    assert not profiler.running
    profiler.start()
    profiler.start()
    assert profiler.running
    profiler.stop()
    assert not profiler.running
    assert sys.getswitchinterval() == before
