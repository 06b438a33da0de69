"""Open WebSockets, as the viewer sees them."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

from spruce import green
from spruce.apm import Client
from spruce.apm.flights import Flights
from spruce.apm.history import History
from spruce.errors import ServiceUnavailable

REQUEST: Any = SimpleNamespace(url_rule=SimpleNamespace(rule="/talk/<room>"), root_path="", path="/talk/a")


def wait_for_more(event: green.Event) -> Any:
    return event.wait()


def test_one_is_in_flight_for_as_long_as_its_view(client: Client, tmp_path: Path) -> None:
    """With its stack; while it does something for a message, that is shown in its stead."""

    def main() -> None:
        flights = Flights(History(tmp_path / "viewer.db"))
        first, second = green.Event(), green.Event()

        def view() -> None:
            flights.talks.accepted({"websocket": object(), "request": REQUEST})
            wait_for_more(first)
            client.begin_transaction("websocket")
            wait_for_more(second)
            client.end_transaction("WS /talk/<room>")

        thread = green.spawn(view)
        green.sleep()
        (talk,) = flights.snapshot()["flights"]
        assert (talk["name"], talk["kind"], talk["waits_for"]) == ("WS /talk/<room>", "websocket", "Event.wait()")
        assert "wait_for_more" in talk["stack"][0]
        first.send()
        green.sleep()
        (message,) = flights.snapshot()["flights"]
        assert message["uid"] != talk["uid"]
        second.send()
        thread.wait()
        assert flights.snapshot()["flights"] == []

    green.run(main)


def test_one_is_cancelled_by_its_id(tmp_path: Path) -> None:
    def main() -> None:
        flights = Flights(History(tmp_path / "viewer.db"))
        caught: list[BaseException] = []

        def view() -> None:
            flights.talks.accepted({"websocket": object(), "request": REQUEST})
            try:
                wait_for_more(green.Event())
            except ServiceUnavailable as error:
                caught.append(error)

        thread = green.spawn(view)
        green.sleep()
        flights.history.cancels = frozenset([flights.talks.here()[0].uid])
        flights._cancel()
        thread.wait()
        assert [str(error.description) for error in caught] == ["This was cancelled by an operator."]  # type: ignore[attr-defined]  # it is an HTTPException

    green.run(main)
