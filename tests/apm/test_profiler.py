"""The sampling profiler: which stacks belong to which transaction."""

import sys
import threading
from typing import Any

from spruce import green
from spruce.apm import Client
from spruce.apm.profiler import Profiler


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
