"""What is found wrong with an app."""

from pathlib import Path
from typing import Any

from spruce.web import App
from spruce.web.checks import check

KEY_HINT = 'Make one: python -c "import secrets; print(secrets.token_urlsafe(48))", and set SPRUCE_SECRET_KEY.'


def found(app: App, deploy: bool = False) -> list[str]:
    return [str(finding) for finding in check(app, deploy)]


def test_an_app_that_works_has_no_findings(tmp_path: Path) -> None:
    """Whatever else lies among the templates."""
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "page.html").write_text("{{ 1 }}")
    (tmp_path / "templates" / "logo.png").write_bytes(b"\x89PNG\xff")
    app = App(__name__, root_path=str(tmp_path))
    app.add_url_rule("/", "index", lambda: "")
    assert found(app) == []


def test_what_the_first_request_would_find_is_found(tmp_path: Path) -> None:
    """A route without view, a middleware that is nowhere, a template with a slip."""
    (tmp_path / "templates" / "shop").mkdir(parents=True)
    (tmp_path / "templates" / "shop" / "page.html").write_text("one\n{% if %}")
    app = App(__name__, root_path=str(tmp_path))
    app.add_url_rule("/", "index")
    assert found(app) == [
        "error: the endpoint 'index' has a rule and no view. "
        "Give it one with @app.endpoint(...) or in app.view_functions.",
        "error: the template 'shop/page.html' cannot be read: Expected an expression, got 'end of statement block', "
        "line 2.",
    ]
    assert found(App(__name__, MIDDLEWARE=["nope.Middleware"])) == [
        "error: MIDDLEWARE has 'nope.Middleware', but there is no module 'nope'"
    ]


def deployed(**settings: Any) -> list[str]:
    app = App(__name__, **{"SECRET_KEY": "aB3$" * 3 + "xyzwvu" * 5, "MAX_CONTENT_LENGTH": 10_000, **settings})
    app.add_url_rule("/", "index", lambda: "")
    return found(app, deploy=True)


def test_settings_are_checked_for_production() -> None:
    """Each finding says what to do."""
    assert deployed() == []
    assert deployed(DEBUG=True, TESTING=True) == [
        "warning: DEBUG is on: failures show source code. Leave SPRUCE_DEBUG unset in production.",
        "warning: TESTING is on: errors of views reach the server. It is for tests only.",
    ]
    assert deployed(SECRET_KEY=None) == [f"warning: SECRET_KEY is not set, so nothing can be signed. {KEY_HINT}"]
    assert deployed(SECRET_KEY="dev") == [f"warning: SECRET_KEY can be guessed: it has 3 characters. {KEY_HINT}"]
    assert deployed(SECRET_KEY="a" * 99) == [f"warning: SECRET_KEY can be guessed: it has 99 characters. {KEY_HINT}"]
    assert deployed(MAX_CONTENT_LENGTH=None, SERVER_NAME="shop.example") == [
        "warning: MAX_CONTENT_LENGTH is not set: a body may be as large as the server lets it be.",
        "warning: PREFERRED_URL_SCHEME is http, so URLs made outside of requests, in mails, are too.",
    ]
    assert found(App(__name__, SECRET_KEY="x1y2z3" * 8, MAX_CONTENT_LENGTH=1), deploy=True) == [
        f"warning: SECRET_KEY can be guessed: it has 48 characters. {KEY_HINT}",
        "warning: nothing answers '/', which is what visitors ask for first.",
    ]
