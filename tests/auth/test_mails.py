"""The mails of accounts: whom they go to, and that nobody waits for them."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from tests.auth.people import PASSWORD

from spruce import App, green
from spruce.auth import User
from spruce.auth.mails import users_with
from spruce.mail import outbox
from spruce.mail.connections import EmailBackend


@pytest.fixture(autouse=True)
def _empty_outbox() -> Iterator[None]:
    outbox.clear()
    yield
    outbox.clear()


class Held(EmailBackend):
    """A mail server that takes its time."""

    go: Any = None
    sent = 0

    def send_messages(self, email_messages: Any) -> int:
        Held.go.wait()
        Held.sent += 1
        return 1


class Failing(EmailBackend):
    """A mail server that is gone."""

    def send_messages(self, email_messages: Any) -> int:
        raise OSError("gone")


def ask(app: App) -> int:
    return app.test_client().post("/accounts/password_reset/", data={"email": "anna@example.com"}).status_code


def with_anna(make_app: Callable[..., App], **more: Any) -> App:
    app = make_app(TESTING=False, **more)
    with app.app_context():
        User.objects.create_user("anna", "anna@example.com", PASSWORD)
    return app


def test_the_answer_does_not_wait_for_the_mail_asvs_6_3_8(make_app: Callable[..., App]) -> None:
    """So it takes as long for an address that is not known."""
    app = with_anna(make_app, EMAIL_BACKEND=Held)

    def main() -> None:
        Held.go, Held.sent = green.Event(), 0
        assert ask(app) == 303
        assert Held.sent == 0
        Held.go.send()
        while not Held.sent:
            green.sleep(0)

    green.run(main)
    assert Held.sent == 1


def test_a_mail_that_cannot_be_sent_is_logged(make_app: Callable[..., App], caplog: pytest.LogCaptureFixture) -> None:
    app = with_anna(make_app, EMAIL_BACKEND=Failing)

    def main() -> None:
        assert ask(app) == 303
        while "a mail of accounts could not be sent" not in caplog.text:
            green.sleep(0)

    green.run(main)


def test_an_address_is_found_whatever_its_capitals(app: App, anna: Any) -> None:
    with app.app_context():
        assert users_with("Anna@Example.com") == [anna]
        assert users_with("anna@example") == []


def test_mails_are_in_the_language_of_the_visitor(make_app: Callable[..., App]) -> None:
    app = make_app(
        LANGUAGES={"en": "English", "zh-Hans": "中文"}, MIDDLEWARE=["spruce.middleware.locale.LocaleMiddleware"]
    )
    with app.app_context():
        User.objects.create_user("anna", "anna@example.com", PASSWORD)
    data, headers = {"email": "anna@example.com"}, {"Accept-Language": "zh"}
    app.test_client().post("/accounts/password_reset/", data=data, headers=headers)
    assert outbox[0].subject == "localhost 的新密码"
