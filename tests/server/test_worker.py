"""What one serving process does. That it serves and drains is tested in tests/real."""

from threading import Thread

import pytest

from spruce.errors import ConfigError
from spruce.http import Request, Response
from spruce.server.worker import Lifespan, Options, counted, work


def hello(request: Request) -> Response:
    return Response("hello")


def test_outside_of_the_main_thread_it_says_what_to_do() -> None:
    """Signals come to the main thread only."""
    errors: list[ConfigError] = []

    def run() -> None:
        try:
            work(hello, [], Options())
        except ConfigError as error:
            errors.append(error)

    thread = Thread(target=run)
    thread.start()
    thread.join()
    assert [str(error) for error in errors] == [
        "the server was started outside of the main thread, where no signal could stop it. "
        "Call serve() from the main thread, or server.start() inside a green thread."
    ]


def test_a_handler_that_cannot_start_keeps_the_server_from_starting() -> None:
    class Broken:
        def startup(self) -> None:
            raise ZeroDivisionError("no database")

        def shutdown(self) -> None:
            raise AssertionError("it never started")

        def __call__(self, request: Request) -> Response:
            return hello(request)

    assert isinstance(Broken(), Lifespan)
    with pytest.raises(ZeroDivisionError, match=r"^no database$"):
        work(Broken(), [], Options())


def test_enough_is_said_once_and_every_request_is_answered() -> None:
    said: list[str] = []
    answer = counted(hello, 3, lambda: said.append("enough"))
    assert [answer(Request("GET", "/")).text for _ in range(5)] == ["hello"] * 5
    assert said == ["enough"]
