"""The page of one's tokens for programs."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.auth.people import PASSWORD, sign_in

from spruce import App, Request
from spruce.auth import User
from spruce.auth.apitokens import create_token, token_required, tokens_of
from spruce.auth.models import APIToken, AuditEvent
from spruce.web.client import Client

SCOPES = {"orders:read": "Read orders", "orders:write": "Place orders"}


@pytest.fixture
def app(make_app: Callable[..., App]) -> App:
    """An app where people may make tokens, with a view for programs."""
    app = make_app(AUTH_TOKEN_SCOPES=SCOPES)

    @app.get("/api/me")
    @token_required("orders:read")
    def me(request: Request) -> str:
        return str(request.user)

    return app


def made(client: Client, **fields: Any) -> Any:
    return client.post("/accounts/tokens/", data={"name": "robot", "days": "30", **fields})


def test_a_token_is_made_and_shown_once_asvs_11_5_1(app: App, client: Client) -> None:
    """With a name, an end and scopes; programs can use it at once."""
    sign_in(client)
    answer = made(client, scopes=["orders:read"])
    assert (answer.status_code, answer.headers["Cache-Control"]) == (201, "no-store")
    text = re.search(r"spr_[\w-]{43}", answer.text)
    assert text is not None
    assert text[0] not in client.get("/accounts/tokens/").text
    program = app.test_client()
    assert program.get("/api/me", headers={"Authorization": f"Bearer {text[0]}"}).text == "anna"
    with app.app_context():
        token = APIToken.objects.get()
        assert (token.name, token.scope_list) == ("robot", ["orders:read"])
        assert timedelta(days=29) < token.expires - datetime.now(UTC) <= timedelta(days=30)
        assert AuditEvent.objects.filter(kind="token_created").count() == 1


def test_the_list_tells_what_people_need(app: App, client: Client, anna: Any) -> None:
    """Names, beginnings, scopes and times; and one can be ended."""
    with app.app_context():
        create_token(anna, "<robot>", ["orders:read", "orders:write"])
        create_token(anna, "old", expires=datetime(2020, 1, 1, tzinfo=UTC))
    sign_in(client)
    page = client.get("/accounts/tokens/").text
    assert "<strong>&lt;robot&gt;</strong>" in page
    assert "orders:read, orders:write" in page
    assert page.count("never used") == 2
    assert page.count("Expired") == page.count("Without an end") == 1
    with app.app_context():
        pk = APIToken.objects.get(name="old").pk
    answer = client.post("/accounts/tokens/", data={"revoke": str(pk)})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/accounts/tokens/")
    with app.app_context():
        assert [token.name for token in tokens_of(anna)] == ["<robot>"]


@pytest.mark.parametrize("key", ["", "x", "-1", "9" * 40, "٣", "1\0"])
def test_nobody_ends_what_is_not_there(client: Client, key: str) -> None:
    sign_in(client)
    assert client.post("/accounts/tokens/", data={"revoke": key}).status_code in (303, 400)


def test_nobody_ends_anothers_asvs_8_2_2(app: App, client: Client) -> None:
    with app.app_context():
        token = create_token(User.objects.create_user("ben", "ben@example.com", PASSWORD), "bens").token
    sign_in(client)
    client.post("/accounts/tokens/", data={"revoke": str(token.pk)})
    assert "bens" not in client.get("/accounts/tokens/").text
    with app.app_context():
        assert APIToken.objects.count() == 1


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"name": ""}, "This field is required."),
        ({"name": "x" * 101}, "Ensure this value has at most 100 characters (it has 101)."),
        ({"days": "31"}, "Select a valid choice. 31 is not one of the available choices."),
        ({"scopes": ["all"]}, "Select a valid choice. all is not one of the available choices."),
    ],
)
def test_what_is_wrong_is_told(app: App, client: Client, fields: dict[str, Any], told: str) -> None:
    """And nothing is made: only scopes of AUTH_TOKEN_SCOPES can be had."""
    sign_in(client)
    answer = made(client, **fields)
    assert (answer.status_code, told in answer.text) == (422, True)
    with app.app_context():
        assert APIToken.objects.count() == 0


def test_a_token_may_count_until_it_is_ended(app: App, client: Client) -> None:
    sign_in(client)
    made(client, days="")
    with app.app_context():
        token = APIToken.objects.get()
        assert (token.expires, token.scope_list) == (None, [])


def test_nobody_has_any_number_of_them(app: App, client: Client, anna: Any) -> None:
    """Fifty by the page, so that a table cannot be filled."""
    with app.app_context():
        for number in range(50):
            create_token(anna, str(number))
    sign_in(client)
    answer = made(client)
    assert (answer.status_code, "End one first." in answer.text) == (422, True)


def test_scopes_may_be_a_list(app: App, client: Client) -> None:
    """Or none: then there is nothing to choose."""
    sign_in(client)
    app.config["AUTH_TOKEN_SCOPES"] = ["read"]
    assert "read" in client.get("/accounts/tokens/").text
    app.config["AUTH_TOKEN_SCOPES"] = []
    assert 'name="scopes"' not in client.get("/accounts/tokens/").text


def test_it_is_closed_unless_an_app_opens_it(app: App, client: Client) -> None:
    """And for who is logged in only."""
    assert client.get("/accounts/tokens/").status_code == 302
    sign_in(client)
    app.config["AUTH_TOKEN_SCOPES"] = None
    assert client.get("/accounts/tokens/").status_code == 404
    assert made(client).status_code == 404
