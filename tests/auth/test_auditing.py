"""The log of what happens to accounts."""

import logging
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.auth.people import sign_in

from spruce import App, Request, db
from spruce.auth import User
from spruce.auth.auditing import clear_events, record
from spruce.auth.models import AuditEvent
from spruce.events import account_event
from spruce.http import Peer
from spruce.web.client import Client


def events(app: App) -> list[tuple[str, str]]:
    with app.app_context():
        return [(one.kind, one.username) for one in AuditEvent.objects.order_by("id")]


def test_who_logs_in_and_out_is_written_down_asvs_16_3_1(app: App, client: Client) -> None:
    client.post("/in", data={"username": "anna", "password": "wrong"})
    sign_in(client)
    client.post("/out")
    client.post("/out")
    assert events(app) == [("login_failed", "anna"), ("login", "anna"), ("logout", "anna")]
    with app.app_context():
        failed, login, _ = AuditEvent.objects.order_by("id")
        assert (failed.user_key, failed.details) == ("", {"known": True})
        assert login.user_key == str(User.objects.get().pk)
        assert login.address == "127.0.0.1"
        assert User.objects.get().last_login is not None


def test_what_was_typed_for_a_name_may_be_a_password_asvs_16_2_5(app: App, client: Client) -> None:
    client.post("/in", data={"username": "correct horse battery", "password": "x"})
    assert events(app) == [("login_failed", "")]


def test_programs_are_told_and_the_log_is_written_on_one_line(app: App, caplog: pytest.LogCaptureFixture) -> None:
    """A name with a line break writes no second line (ASVS 16.4.1)."""
    told: list[Any] = []
    leave = account_event.subscribe(lambda event: told.append((event["kind"], event["username"], event["details"])))
    request = Request("GET", "/", [(b"user-agent", b"Robot\x0b" + b"x" * 900)], peer=Peer(client=("192.0.2.1", 1)))
    with app.app_context(), caplog.at_level(logging.INFO, "spruce.accounts"):
        record("test", request, username="a\nINFO forged", size=1)
        row = AuditEvent.objects.get()
    leave()
    assert told == [("test", "a\nINFO forged", {"size": 1})]
    assert caplog.messages == ["test: user 'a\\nINFO forged' ('') from '192.0.2.1' {'size': 1}"]
    assert len(row.agent) == 200


def test_a_database_that_fails_loses_the_row_and_not_the_request_asvs_16_5_2(
    app: App, caplog: pytest.LogCaptureFixture
) -> None:
    with app.app_context():
        db.drop_all()
        record("test")
    assert "the event 'test' of an account could not be written down" in caplog.text


def test_the_table_may_be_left_out_and_cleared(app: App) -> None:
    with app.app_context():
        record("kept")
        app.config["AUTH_AUDIT"] = False
        record("not kept")
        assert [one.kind for one in AuditEvent.objects.all()] == ["kept"]
        assert clear_events(datetime.now(UTC) - timedelta(days=1)) == 0
        assert clear_events(datetime.now(UTC)) == 1
