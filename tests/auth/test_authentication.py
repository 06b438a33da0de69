"""Which backend says who somebody is."""

from typing import Any

import pytest
from tests.auth.people import PASSWORD

from spruce import App, config
from spruce.auth import authentication
from spruce.auth.backends import AllowAllUsersModelBackend, BaseBackend, ModelBackend
from spruce.errors import ConfigError, PermissionDenied


class ByCard(BaseBackend):
    """Knows a card."""

    def authenticate(self, request: Any, card: str) -> Any:  # type: ignore[override] # it takes cards only
        return type("Holder", (), {})() if card == "ace" else None


class Refusing(BaseBackend):
    """Lets nobody be asked after it."""

    def authenticate(self, request: Any, **credentials: Any) -> Any:
        raise PermissionDenied


def test_each_backend_gets_the_keywords_that_it_takes(app: App, anna: Any) -> None:
    app.config["AUTHENTICATION_BACKENDS"] = [ByCard, "spruce.auth.backends.ModelBackend"]
    with app.app_context():
        assert authentication.authenticate(card="ace").backend == f"{__name__}.ByCard"
        assert authentication.authenticate(username="anna", password=PASSWORD) == anna
        assert authentication.authenticate(card="king") is None
        assert authentication.authenticate(fingerprint="x") is None


def test_one_that_refuses_ends_the_asking(app: App, anna: Any) -> None:
    app.config["AUTHENTICATION_BACKENDS"] = [Refusing(), ModelBackend()]
    with app.app_context():
        assert authentication.authenticate(username="anna", password=PASSWORD) is None


def test_a_failure_is_told_without_secrets(app: App) -> None:
    told: list[Any] = []

    def hear(credentials: Any, request: Any, **more: Any) -> None:
        told.append((credentials, request))

    authentication.user_login_failed.connect(hear)
    with app.app_context():
        assert authentication.authenticate(username="anna", password="x", api_token="y") is None
    assert told == [({"username": "anna", "password": "*" * 20, "api_token": "*" * 20}, None)]
    authentication.user_login_failed.disconnect(hear)


def test_backends_are_found_by_name_while_they_are_in_use(app: App) -> None:
    with app.app_context():
        (backend,) = authentication.get_backends()
        name = authentication.backend_name(backend)
        assert name == "spruce.auth.backends.ModelBackend"
        assert authentication.load_backend(name) is backend
        app.config["AUTHENTICATION_BACKENDS"] = [AllowAllUsersModelBackend()]
        assert authentication.load_backend(name) is None


def test_wrong_settings_are_errors() -> None:
    settings = config.Settings(AUTHENTICATION_BACKENDS=[])
    token = config.use(settings)
    try:
        with pytest.raises(ConfigError, match=r"^AUTHENTICATION_BACKENDS is empty, so nobody can log in$"):
            authentication.get_backends()
        settings["AUTHENTICATION_BACKENDS"] = ["spruce.auth.backends.Nothing"]
        with pytest.raises(ConfigError, match=r"^AUTHENTICATION_BACKENDS has 'spruce\.auth\.backends\.Nothing', which"):
            authentication.get_backends()
    finally:
        config.leave(token)
