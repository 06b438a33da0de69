"""Settings for a while."""

import pytest

from spruce.errors import ConfigError
from spruce.http import Handler, Request, Response
from spruce.testing import override_settings
from spruce.web import App


def marking(handler: Handler) -> Handler:
    def middleware(request: Request) -> Response:
        response = handler(request)
        response.headers["X-Marked"] = "1"
        return response

    return middleware


def test_settings_hold_within_the_block() -> None:
    """Middleware among them; afterwards all is as it was, even when the block failed."""
    app = App(__name__)
    app.add_url_rule("/", "index", lambda: app.config.get("GREETING", "none"))
    client = app.test_client()
    assert client.get("/").text == "none"
    with override_settings(app, MIDDLEWARE=[marking], GREETING="hi") as same:
        assert same is app
        answer = client.get("/")
        assert (answer.text, answer.headers["X-Marked"]) == ("hi", "1")
    with pytest.raises(RuntimeError), override_settings(app, DEBUG=True):
        raise RuntimeError
    answer = client.get("/")
    assert (answer.text, "X-Marked" in answer.headers, app.debug, "GREETING" in app.config) == (
        "none",
        False,
        False,
        False,
    )


def test_it_is_a_decorator_too() -> None:
    """Of a function of the test."""
    app = App(__name__)

    @override_settings(app, TESTING=True)
    def testing() -> bool:
        return app.testing

    assert (testing(), testing(), app.testing) == (True, True, False)


def test_a_wrong_value_changes_nothing() -> None:
    """Nor does a setting that an app needs from the beginning."""
    app = App(__name__)
    with pytest.raises(ConfigError), override_settings(app, TESTING=True, DEBUG="yes"):
        pass
    assert (app.testing, app.debug) == (False, False)
    with pytest.raises(ConfigError) as caught, override_settings(app, DATABASES={}):
        pass
    assert str(caught.value) == (
        "DATABASES cannot be overridden: what was made from it is in use. "
        "Make another app, as in create_app(DATABASES=...)."
    )
