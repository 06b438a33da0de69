"""The plugin for pytest: fixtures that need a fixture `app`, which the tests define.

It is found by itself where Spruce is installed.

    @pytest.fixture
    def app(tmp_path):
        return create_app(TESTING=True)

    def test_index(client):
        assert client.get("/").status_code == 200
"""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from spruce.mail import EmailMessage
    from spruce.testing import Jobs, LiveServer
    from spruce.web import App
    from spruce.web.client import Client

__all__ = ["client", "jobs", "live_server", "mailoutbox", "settings"]


@pytest.fixture
def client(app: "App") -> "Client":
    """Return a test client of the app: a browser without a screen and without sockets."""
    return app.test_client()


@pytest.fixture
def jobs(app: "App") -> "Iterator[Jobs]":
    """Return the jobs of the app, which run when the test says so, on a clock that it turns: `jobs.run()`."""
    from spruce.testing.jobs import Jobs  # test runs that don't use it don't load the engine

    with Jobs(app) as made:
        yield made


@pytest.fixture
def live_server(app: "App") -> "Iterator[LiveServer]":
    """Serve the app on a port of this machine while the test runs; `live_server.url` says where."""
    from spruce.testing.liveserver import LiveServer  # test runs that don't use it don't load the server

    with LiveServer(app) as server:
        yield server


@pytest.fixture
def settings(app: "App") -> "Iterator[Callable[..., None]]":
    """Return what changes settings of the app until the test ends: `settings(DEBUG=True)`."""
    from contextlib import ExitStack  # the same

    from spruce.testing.overriding import override_settings  # the same

    with ExitStack() as stack:

        def change(**values: Any) -> None:
            stack.enter_context(override_settings(app, **values))

        yield change


@pytest.fixture
def mailoutbox() -> "Iterator[list[EmailMessage]]":
    """Return the mails that the test has sent, none at first; an app with TESTING=True keeps them in memory."""
    from spruce.mail import outbox  # the same

    outbox.clear()
    yield outbox
    outbox.clear()
