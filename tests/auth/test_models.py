"""The tables of accounts: how rows are shown, and keys as text."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

from spruce.auth.models import APIToken, AuditEvent, Group, Permission, key_of, new_salt


def test_rows_are_shown_by_what_people_know_them_by() -> None:
    assert str(Group(name="editors")) == "editors"
    assert str(Permission(app_label="shop", codename="add_order")) == "shop.add_order"
    assert str(APIToken(name="robot", prefix="spr_abcd")) == "robot (spr_abcd…)"
    at = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)
    assert str(AuditEvent(at=at, kind="login", username="anna")) == "2026-01-02 03:04 login anna"
    assert str(AuditEvent(at=at, kind="login")) == "2026-01-02 03:04 login"


def test_a_token_has_scopes_and_an_end() -> None:
    now = datetime.now(UTC)
    assert APIToken(scopes="a b:c").scope_list == ["a", "b:c"]
    assert not APIToken().is_expired
    assert APIToken(expires=now).is_expired
    assert not APIToken(expires=now + timedelta(hours=1)).is_expired


def test_keys_are_kept_as_text_whatever_they_are() -> None:
    assert key_of(SimpleNamespace(pk=7)) == "7"
    assert key_of(SimpleNamespace(pk=None)) == key_of(None) == ""
    assert new_salt() != new_salt()
