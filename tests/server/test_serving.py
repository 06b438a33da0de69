"""`serve`: what it refuses before anything is started. That it serves is tested in tests/real."""

import pytest

from spruce.errors import ConfigError, GreenError
from spruce.http import Request, Response
from spruce.server import serve


def hello(request: Request) -> Response:
    return Response("hello")


def test_less_than_no_worker_is_refused() -> None:
    with pytest.raises(ConfigError) as caught:
        serve(hello, workers=-1)
    assert str(caught.value) == "workers=-1 would serve nothing. Give 1 or more, or 0 for this process."


def test_a_worker_that_may_answer_nothing_is_refused() -> None:
    with pytest.raises(ConfigError) as caught:
        serve(hello, max_requests=0)
    assert str(caught.value) == "max_requests=0 would answer nothing. Give 1 or more."


def test_a_bind_that_cannot_be_read_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"^'nowhere' is no address to listen on\. "):
        serve(hello, binds=["nowhere"])


def test_an_unknown_loop_closes_the_sockets_again(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(GreenError, match="there is no loop named 'twisted'"):
        serve(hello, binds=["127.0.0.1:0"], loop="twisted")
    assert capsys.readouterr().out.startswith("Serving on http://127.0.0.1:")


def test_it_wants_a_handler_or_how_to_load_one() -> None:
    for arguments in ({}, {"handler": hello, "load": lambda: hello}):
        with pytest.raises(ConfigError) as caught:
            serve(**arguments)
        assert str(caught.value) == "serve() needs a handler, or a function that loads one. Give one of the two."
