"""Who has typed the right password, and waits for a code."""

from typing import Any

import pytest

from spruce import App
from spruce.auth.factors import turn_on
from spruce.auth.secondsteps import end_waiting, wait_for_code, waiting_user, wants_code
from spruce.auth.totp import new_secret
from spruce.web import request, session

BACKEND = "spruce.auth.backends.ModelBackend"


def opened() -> Any:
    """The request of this context, with its session."""
    _ = session.accessed
    return request._get_current_object()  # type: ignore[attr-defined] # a proxy's own method


def waiting(going_to: str, user: Any, trusted: bool = False) -> tuple[Any, str]:
    """Who waits in the session of this request, and where to go on."""
    user.backend = BACKEND
    current = opened()
    answer = wait_for_code(current, user, going_to, trusted=trusted)
    assert answer.headers["Location"] == "/accounts/login/code/"
    return waiting_user(current), end_waiting(current)


def test_a_code_is_wanted_of_who_has_a_second_factor(app: App, anna: Any) -> None:
    with app.test_request_context("/"):
        turn_on(anna, new_secret(), 0)
        assert not wants_code(anna)
        app.config["AUTH_TOTP"] = True
        assert wants_code(anna)


@pytest.mark.parametrize(
    ("going_to", "trusted", "goes"),
    [
        ("/a?b=1", False, "/a?b=1"),
        ("", False, ""),
        ("https://evil.example/", False, ""),
        ("//evil.example", False, ""),
        ("https://shop.example/", True, "https://shop.example/"),
    ],
)
def test_who_waits_is_known_with_the_backend_and_goes_where_that_is_allowed(
    app: App, anna: Any, going_to: str, trusted: bool, goes: str
) -> None:
    app.config["AUTH_TOTP"] = True
    with app.test_request_context("/"):
        user, target = waiting(going_to, anna, trusted)
        assert (user.pk, user.backend, target) == (anna.pk, BACKEND, goes)


def test_nobody_waits_with_a_password_that_was_changed(app: App, anna: Any) -> None:
    app.config["AUTH_TOTP"] = True
    with app.test_request_context("/"):
        anna.backend = BACKEND
        current = opened()
        wait_for_code(current, anna)
        anna.set_password("another")
        anna.save()
        assert waiting_user(current) is None
