"""What is in flight in this process."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from spruce import green
from spruce.apm import Client
from spruce.apm.flights import Flights, ask_to_cancel, cancel, flights_of, keep_watching
from spruce.apm.history import History
from spruce.apm.recorder import in_flight
from spruce.errors import ServiceUnavailable
from spruce.http import Request
from spruce.server import wsgi


def wait_here(event: green.Event) -> Any:
    return event.wait()


def test_a_snapshot_tells_what_runs_where(client: Client, tmp_path: Path) -> None:
    def main() -> None:
        flights = Flights(History(tmp_path / "viewer.db"))
        go_on = green.Event()

        def job() -> None:
            client.begin_transaction("task")
            wait_here(go_on)
            client.end_transaction("nightly")

        thread = green.spawn(job)
        green.sleep()
        (one,) = flights.snapshot()["flights"]
        assert (one["name"], one["kind"], one["queries"], one["sql"]) == ("task", "task", 0, "")
        assert one["waits_for"] == "Event.wait()"
        assert [line.split("\n")[0].rpartition(" ")[2] for line in one["stack"]] == ["wait_here", "job"]
        go_on.send()
        thread.wait()
        assert flights.snapshot()["flights"] == []

    green.run(main)


def watched(client: Client, history: History, function: Callable[[], Any]) -> Any:
    """What a function gives, or raises, in a transaction that a green thread has, while somebody looks."""
    flights = Flights(history)

    def run() -> Any:
        transaction = client.begin_transaction("task")
        assert transaction is not None
        flights.begun(transaction)
        uid.append(transaction.id)
        try:
            return function()
        except ServiceUnavailable as error:
            return error.description
        finally:
            client.end_transaction("job")

    uid: list[str] = []

    def main() -> Any:
        thread = green.spawn(run)
        keep_watching(history)
        while not any(worker["flights"] for worker in flights_of(history)):
            green.sleep(0.05)
        ask_to_cancel(history, uid[0])
        try:
            return thread.wait()
        finally:
            flights.close()
            history.close()

    return green.run(main)


def test_what_is_cancelled_ends_with_503(client: Client, tmp_path: Path) -> None:
    history = History(tmp_path / "viewer.db")
    assert watched(client, history, lambda: green.sleep(1000)) == "This was cancelled by an operator."
    assert flights_of(history) == []


def test_what_has_no_utf_8_is_told_all_the_same(client: Client, tmp_path: Path) -> None:
    """A visitor may have chosen it, and everything else is still to be seen."""

    def odd() -> Any:
        (running,) = in_flight()
        running.name = "half of a pair: \ud800"
        return wait_here(green.Event())

    history = History(tmp_path / "viewer.db")
    assert watched(client, history, odd) == "This was cancelled by an operator."


def test_nobody_looks_so_nothing_is_told(client: Client, tmp_path: Path) -> None:
    history = History(tmp_path / "viewer.db")
    assert flights_of(history) == []
    assert not history.is_wanted("flights")


def test_a_wsgi_app_in_an_os_thread(client: Client, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Is seen with its stack; when it is cancelled its client needn't wait, and the log tells of its thread."""

    def blocks() -> None:
        begun.set()
        gate.wait(20)

    def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        blocks()
        ended.set()
        return [b"never"]

    def asks(flights: Flights) -> str:
        client.begin_transaction("request")
        request = Request("GET", "/slow", [(b"host", b"x")])
        flights.asked(request)
        try:
            return str(wsgi(app, threads=1)(request).data)
        except ServiceUnavailable as error:
            return error.description
        finally:
            client.end_transaction("GET /slow")

    def main() -> str:
        flights = Flights(History(tmp_path / "viewer.db"))
        thread = green.spawn(asks, flights)
        while not begun.is_set():
            green.sleep(0.001)
        (one,) = flights.snapshot()["flights"]
        names = [line.split("\n")[0].rpartition(" ")[2] for line in one["stack"]]
        assert names[:2] == ["blocks", "app"]
        assert one["name"] == "GET /slow"
        (running,) = in_flight()
        cancel(running)
        answer: str = thread.wait()
        assert not ended.is_set()
        gate.set()
        assert ended.wait(30)
        return answer

    begun, gate, ended = threading.Event(), threading.Event(), threading.Event()
    assert green.run(main) == "This was cancelled by an operator."
    assert "is cancelled from the viewer; its OS thread goes on until it returns" in caplog.text
