"""What the pages of accounts share."""

import pytest
from tests.auth.people import PASSWORD

from spruce import App, Request
from spruce.auth.blueprint import form_page, mailed, next_page, shown
from spruce.auth.forms import AuthenticationForm, PasswordResetForm


def test_a_page_is_kept_by_nobody(app: App) -> None:
    with app.test_request_context("/"):
        response = shown("logged_out", 201)
        assert (response.status_code, response.headers["Cache-Control"]) == (201, "no-store")


def test_a_form_tells_whether_something_is_wrong(app: App) -> None:
    """200 for an empty one, 422 for one that is wrong, 429 with the seconds for one that came too often."""
    with app.test_request_context("/"):
        assert form_page("login", PasswordResetForm()).status_code == 200
        wrong = PasswordResetForm({"email": "x"})
        assert form_page("login", wrong).status_code == 422
        late = AuthenticationForm(None, {"username": "anna", "password": PASSWORD})
        late.seconds = 3
        response = form_page("login", late)
        assert (response.status_code, response.headers["Retry-After"]) == (429, "3")


def test_an_address_is_told_and_a_page_says_so(app: App) -> None:
    told: list[str] = []
    with app.test_request_context("/"):
        assert mailed("password_reset", PasswordResetForm({"email": "x"}), told.append).status_code == 422
        response = mailed("password_reset", PasswordResetForm({"email": "a@example.com"}), told.append)
        assert (response.status_code, response.headers["Location"]) == (303, "/accounts/password_reset/done/")
    assert told == ["a@example.com"]


@pytest.mark.parametrize(
    ("query", "goes"),
    [("?next=/a", "/a"), ("?next=//evil.example", "/mine"), ("?next=https://evil.example", "/mine"), ("", "/mine")],
)
def test_one_goes_on_within_the_site_only(app: App, query: str, goes: str) -> None:
    """Else where the setting says, by path or endpoint; nowhere if that is empty."""
    app.config["LOGIN_REDIRECT_URL"] = "mine"
    with app.test_request_context("/" + query):
        request = Request("GET", "/" + query, [(b"host", b"localhost")])
        assert next_page(request, "LOGIN_REDIRECT_URL") == goes
        app.config["LOGIN_REDIRECT_URL"] = ""
        assert next_page(Request("GET", "/", [(b"host", b"localhost")]), "LOGIN_REDIRECT_URL") == ""
