"""The paths that load balancers and orchestrators ask for."""

from collections.abc import Callable
from typing import Any

import pytest

from spruce import green
from spruce.http import Request, Response
from spruce.server.health import Health


def app(request: Request) -> Response:
    return Response("the app")


def answers(health: Health, *paths: str) -> list[tuple[int, str]]:
    return [(answer.status_code, answer.text) for answer in (health(Request("GET", path)) for path in paths)]


@pytest.fixture
def health() -> Health:
    return Health(app, "/ready", "/live")


def test_it_says_what_the_process_does(health: Health) -> None:
    assert answers(health, "/ready", "/live") == [(503, "starting\n"), (200, "starting\n")]
    health.begin()
    assert answers(health, "/ready?x=1", "/live", "/") == [(200, "ready\n"), (200, "ready\n"), (200, "the app")]
    health.stop()
    assert answers(health, "/ready", "/live", "/") == [(503, "stopping\n"), (200, "stopping\n"), (200, "the app")]
    assert health(Request("GET", "/ready")).headers["Cache-Control"] == "no-store"


def test_paths_that_are_not_given_are_the_apps() -> None:
    health = Health(app, None, None)
    health.begin()
    assert answers(health, "/ready", "/live") == [(200, "the app")] * 2


def test_requests_wait_until_the_app_has_started(health: Health, on_hub: Callable[[Callable[[], Any]], Any]) -> None:
    def main() -> list[tuple[int, str]]:
        waiting = [green.spawn(answers, health, "/") for _ in range(2)]
        green.sleep()
        assert not any(thread.dead for thread in waiting)
        health.begin()
        return [thread.wait()[0] for thread in waiting]

    assert on_hub(main) == [(200, "the app")] * 2
