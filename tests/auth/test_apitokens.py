"""Tokens for programs."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.auth.people import sign_in

from spruce import App, Request
from spruce.auth import User
from spruce.auth.apitokens import create_token, revoke_token, token_of, token_required, tokens_of
from spruce.auth.models import APIToken, AuditEvent
from spruce.web.client import Client


@pytest.fixture
def api(app: App, anna: Any) -> Client:
    """An app with views for programs."""

    @app.get("/api/me")
    @token_required()
    def me(request: Request) -> str:
        return str(request.user)

    @app.get("/api/orders")
    @token_required("orders:read")
    async def orders(request: Request) -> str:
        return str(request.user)

    return app.test_client()


def ask(client: Client, text: str, path: str = "/api/me") -> Any:
    return client.get(path, headers={"Authorization": f"Bearer {text}"})


def make(app: App, user: Any, *scopes: str, **more: Any) -> Any:
    with app.app_context():
        return create_token(user, "robot", scopes, **more)


def test_a_program_is_its_user_where_a_view_takes_tokens(app: App, anna: Any, api: Client) -> None:
    made = make(app, anna, "orders:read")
    assert ask(api, made.text).text == "anna"
    assert ask(api, made.text, "/api/orders").text == "anna"
    assert ask(api, made.text, "/who").text == "AnonymousUser"
    assert ask(api, made.text, "/mine").status_code == 302


def test_the_table_has_a_hash_and_how_it_begins_asvs_11_4_1_11_5_1(app: App, anna: Any) -> None:
    made = make(app, anna)
    with app.app_context():
        row = APIToken.objects.get()
        assert made.text.startswith(row.prefix)
        assert len(row.prefix) == 10
        assert made.text not in str([getattr(row, field.attname) for field in row._meta.fields])
        assert len(made.text) >= 46  # 256 bits of randomness
        assert row.user_key == str(anna.pk)
        assert [one.kind for one in AuditEvent.objects.all()] == ["token_created"]


def test_without_a_token_nobody_comes_in(app: App, anna: Any, api: Client) -> None:
    sign_in(api)
    missing = api.get("/api/me")
    assert (missing.status_code, missing.headers["WWW-Authenticate"]) == (401, "Bearer")
    wrong = ask(api, "spr_wrong")
    assert (wrong.status_code, wrong.headers["WWW-Authenticate"]) == (401, 'Bearer error="invalid_token"')
    assert api.get("/api/me", headers={"Authorization": "Basic YTpi"}).status_code == 401


def test_a_token_lacks_what_it_was_not_made_for_asvs_8_2_1(app: App, anna: Any, api: Client) -> None:
    answer = ask(api, make(app, anna, "orders:write").text, "/api/orders")
    assert answer.status_code == 403
    assert answer.headers["WWW-Authenticate"] == 'Bearer error="insufficient_scope", scope="orders:read"'


@pytest.mark.parametrize("end", [timedelta(seconds=-1), datetime(2020, 1, 1, tzinfo=UTC)])
def test_a_token_ends(app: App, anna: Any, api: Client, end: Any) -> None:
    assert ask(api, make(app, anna, expires=end).text).status_code == 401
    assert ask(api, make(app, anna, expires=timedelta(days=1)).text).status_code == 200


def test_a_token_ends_with_its_user(app: App, anna: Any, api: Client) -> None:
    made = make(app, anna)
    with app.app_context():
        User.objects.update(is_active=False)
    assert ask(api, made.text).status_code == 401


def test_it_is_known_when_it_was_used(app: App, anna: Any, api: Client) -> None:
    made = make(app, anna)
    ask(api, made.text)
    with app.app_context():
        first = APIToken.objects.get().last_used
        assert first is not None
        assert token_of(made.text) is not None
        assert APIToken.objects.get().last_used == first
        APIToken.objects.update(last_used=first - timedelta(hours=1))
        token_of(made.text)
        assert APIToken.objects.get().last_used > first - timedelta(minutes=1)  # type: ignore[operator] # it was used


def test_a_user_ends_its_own_tokens(app: App, anna: Any, api: Client) -> None:
    made = make(app, anna)
    with app.app_context():
        bo = User.objects.create_user("bo")
        assert [str(one) for one in tokens_of(anna)] == [f"robot ({made.token.prefix}…)"]
        assert tokens_of(bo) == []
        assert revoke_token(bo, made.token.pk) is False
        assert revoke_token(anna, made.token.pk) is True
    assert ask(api, made.text).status_code == 401


@pytest.mark.parametrize("scopes", ["orders", ["a b"], [""]])
def test_scopes_are_words(app: App, anna: Any, scopes: Any) -> None:
    with app.app_context(), pytest.raises(ValueError, match=r"^scopes are words without spaces, in a list, not "):
        create_token(anna, "x", scopes)
