"""What the stack is made of: only what somebody registered."""

import pytest

from spruce.errors import ViewError
from spruce.http import Handler
from spruce.web import App, Request, Response
from spruce.web.stack import build


def stack_name(app: App) -> str:
    """Return the name of the outermost part of an app's stack."""
    return build(app).__qualname__


def test_a_bare_app_has_a_bare_stack() -> None:
    """Errors are answered, nothing else."""
    assert stack_name(App(__name__, DEFAULT_MIDDLEWARE=[])) == "_finished.<locals>.finish"


def test_teardown_is_outermost() -> None:
    """It sees what every other part raised."""
    app = App(__name__, MAX_CONTENT_LENGTH=10)
    assert stack_name(app) == "_limited.<locals>.handle"
    app.teardown_appcontext(lambda error: None)
    assert stack_name(app) == "_torn_down.<locals>.handle"


def test_teardown_is_told_what_was_raised() -> None:
    """An error that leaves the app, as with TESTING."""
    app = App(__name__, TESTING=True)
    app.add_url_rule("/", "view", lambda: 1 / 0)
    seen: list[object] = []
    app.teardown_request(lambda error: seen.append(type(error)))
    with pytest.raises(ZeroDivisionError):
        app.test_client().get("/")
    assert seen == [ZeroDivisionError]


def test_an_after_request_that_returns_nothing_is_named(caplog: pytest.LogCaptureFixture) -> None:
    """The client gets a 500."""
    app = App(__name__)

    @app.after_request
    def forgetful(response: Response) -> None:
        pass

    assert app.test_client().get("/").status_code == 500
    assert "forgetful returned None, which is no response. It must return the response, changed or not." in caplog.text


def test_a_middleware_that_makes_no_handler_is_refused() -> None:
    """When the stack is put together."""

    def forgetful(handler: Handler) -> None:
        pass

    with pytest.raises(ViewError) as caught:
        App(__name__, MIDDLEWARE=[forgetful]).handle(Request("GET", "/"))
    assert str(caught.value) == (
        f"the middleware {forgetful!r} made None of a handler. It must return what takes a request."
    )
