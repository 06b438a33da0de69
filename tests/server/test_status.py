"""What a serving process tells of itself. That the loop may stand still meanwhile is tested in tests/real."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from spruce import green
from spruce.http import Request, Response
from spruce.server.instances import ask
from spruce.server.status import Status


def test_it_tells_requests_with_age_and_stack(
    on_hub: Callable[[Callable[[], Any]], Any], serving: Callable[..., Any], tmp_path: Path
) -> None:
    go_on = green.Event()

    def handler(request: Request) -> Response:
        if request.path == "/slow":
            go_on.wait()
        return Response("hello", content_type="text/plain")

    def main() -> tuple[Any, Any]:
        with serving(handler) as (server, connect):
            status = Status(server, tmp_path)
            assert status.socket is not None
            connect().send(b"GET /fast HTTP/1.1\r\nHost: x\r\n\r\n")
            connect().send(b"GET /slow?secret=1 HTTP/1.1\r\nHost: x\r\n\r\n")
            status.beat(0.25)
            status.beat(0.0)
            asked = [green.tpool.execute(ask, status.socket.path, stacks=stacks) for stacks in (True, False)]
            go_on.send()
            status.close()
            status.close()
            return asked[0], asked[1]

    with_stacks, plain = on_hub(main)
    assert (with_stacks["requests"], with_stacks["connections"], with_stacks["held_up"]) == (1, 2, None)
    assert (with_stacks["lag"], with_stacks["worst_lag"]) == (0.0, 0.245)
    assert with_stacks["memory"] > 1_000_000
    (request,) = with_stacks["in_flight"]
    assert (request["method"], request["path"], request["route"]) == ("GET", "/slow", None)
    assert request["does"] == "waits for Event.wait()"
    assert 0 <= request["age"] < 60
    assert "go_on.wait()" in request["stack"][-2]
    assert plain["in_flight"][0]["stack"] == []
    assert list(tmp_path.iterdir()) == []


def test_without_its_folder_nothing_is_told(
    on_hub: Callable[[Callable[[], Any]], Any], serving: Callable[..., Any], tmp_path: Path
) -> None:
    def main() -> None:
        with serving(lambda request: Response("")) as (server, _):
            status = Status(server, tmp_path / "nowhere")
            status.beat(0.0)
            assert status.socket is None
            status.close()

    on_hub(main)
