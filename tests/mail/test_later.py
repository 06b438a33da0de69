"""Mails that a worker sends."""

import pytest

from spruce import App
from spruce.errors import BadHeaderError
from spruce.mail import EmailMessage, EmailMultiAlternatives, outbox, send_later
from spruce.mail.later import deliver


@pytest.fixture(autouse=True)
def _in_memory(app: App) -> None:
    app.config.update(EMAIL_BACKEND="memory", TASKS="inline")


def test_a_worker_sends_what_was_written(app: App) -> None:
    """Bytes, envelope, blind copies and all."""
    mail = EmailMultiAlternatives("你好", "竹子", "shop@example.com", ["li@example.com"], bcc=["boss@example.com"])
    mail.attach_alternative("<p>竹子")
    result = send_later(mail)
    assert result is not None
    assert (result.status, result.return_value) == ("SUCCESSFUL", 1)
    (sent,) = outbox
    assert sent.recipients() == ["li@example.com", "boss@example.com"]
    found = sent.message()
    assert (found["Subject"], found["To"], found["Bcc"]) == ("你好", "li@example.com", None)
    body = found.get_body(("plain",))
    assert body is not None
    assert body.get_content() == "竹子\r\n"
    assert sent.subject == "你好"


def test_what_cannot_be_written_is_told_at_once(app: App) -> None:
    with pytest.raises(BadHeaderError):
        send_later(EmailMessage("x\ny", "y", None, ["li@example.com"]))
    assert send_later(EmailMessage("x", "y")) is None


def test_it_is_tried_again_for_hours() -> None:
    assert deliver.retries == 12
    assert deliver.backoff == 20.0
