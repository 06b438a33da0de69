"""`INSTALLED_APPS=["spruce.auth"]`: what it puts where."""

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.auth.people import add_views, settings

from spruce import App
from spruce.auth.apps import make_permissions

AUTHENTICATION = "spruce.auth.middleware.AuthenticationMiddleware"
SESSIONS = "spruce.middleware.sessions.SessionMiddleware"


def test_the_middleware_stands_behind_that_of_sessions(make_app: Callable[..., App]) -> None:
    usual = make_app().config["DEFAULT_MIDDLEWARE"]
    assert usual.index(AUTHENTICATION) > usual.index(SESSIONS)
    own = make_app(MIDDLEWARE=["spruce.middleware.locale.LocaleMiddleware", SESSIONS])
    assert own.config["MIDDLEWARE"][1:] == [SESSIONS, AUTHENTICATION]
    placed = make_app(MIDDLEWARE=[AUTHENTICATION])
    assert placed.config["MIDDLEWARE"] == [AUTHENTICATION]
    assert AUTHENTICATION not in placed.config["DEFAULT_MIDDLEWARE"]


@pytest.mark.parametrize(("given", "kept"), [(None, "database"), ("cookie", "cookie"), ("cache", "cache")])
def test_sessions_are_in_the_database_unless_the_program_says_another(
    make_app: Callable[..., App], given: str | None, kept: str
) -> None:
    assert make_app(SESSION_ENGINE=given).config["SESSION_ENGINE"] == kept


def test_the_app_has_a_name_for_people(make_app: Callable[..., App]) -> None:
    assert make_app().installed["auth"].verbose_name == "Accounts"


def test_where_the_tables_are_missing_no_permissions_are_made(make_app: Callable[..., App]) -> None:
    app = make_app()
    app.config["DATABASES"] = {"default": "sqlite:///:memory:"}
    app.config.resources.pop("spruce.db").close()  # type: ignore[attr-defined] # the databases of this app
    with app.app_context():
        make_permissions("default")


def test_the_first_request_of_a_program_knows_who_sends_it(tmp_path: Path) -> None:
    """Nothing of accounts is asked for while they are loaded, which that request begins."""
    app = App("shop", static_folder=None, **settings(tmp_path))
    add_views(app)
    assert app.test_client().get("/who").text == "AnonymousUser"
