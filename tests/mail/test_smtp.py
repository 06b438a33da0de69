"""Mails over SMTP, to a real server on this machine."""

import socket
import ssl
from collections.abc import Callable
from typing import Any

import pytest
from tests.mail.conftest import Box, check_login

from spruce import App, green
from spruce.errors import ConfigError, MailError
from spruce.mail import EmailMessage, send_mail
from spruce.mail.smtp import SMTPBackend


def mail(number: int = 1, **more: Any) -> EmailMessage:
    return EmailMessage(f"Mail {number}", "你好\n.\nbye", "shop@example.com", [f"li{number}@example.com"], **more)


def test_a_mail_arrives_as_it_was_written(app: App, box: Box, start: Callable[..., int]) -> None:
    """Whom it is for is told to the server alone where it is a blind copy; a line with a dot ends nothing."""
    app.config.update(EMAIL_HOST="127.0.0.1", EMAIL_PORT=start())
    assert mail(bcc=["boss@example.com"], cc=["li1@example.com"]).send() == 1
    (envelope,) = box.envelopes
    assert envelope.mail_from == "shop@example.com"
    assert envelope.rcpt_tos == ["li1@example.com", "boss@example.com"]
    assert b"boss@example.com" not in envelope.content
    assert b"Subject: Mail 1\r\n" in envelope.content


def test_many_go_over_one_connection(app: App, box: Box, start: Callable[..., int]) -> None:
    connection = SMTPBackend("127.0.0.1", start())
    with connection:
        assert connection.send_messages([mail(1), mail(2)]) == 2
        assert connection.send_messages([mail(3)]) == 1
        assert connection.open() is False
    assert box.connections == 1
    assert connection.send_messages([mail(4), EmailMessage("to nobody", "")]) == 1
    assert connection.send_messages([]) == 0
    assert box.connections == 2
    assert len(box.envelopes) == 4
    connection.close()


def test_others_go_on_while_the_server_thinks(app: App) -> None:
    """A server that says nothing holds up one green thread, until its time is over."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        seen: list[str] = []

        def main() -> None:
            def send() -> None:
                with pytest.raises(MailError) as caught:
                    SMTPBackend("127.0.0.1", silent.getsockname()[1], timeout=0.2).send_messages([mail()])
                seen.append(str(caught.value))

            sender = green.spawn(send)
            green.sleep(0)
            seen.append("others")
            sender.wait()

        green.run(main)
    assert seen[0] == "others"
    assert seen[1].startswith(f"the mail server 127.0.0.1:{silent_port(seen[1])} did not take it: ")


def silent_port(text: str) -> str:
    return text.partition("127.0.0.1:")[2].partition(" ")[0]


def test_a_server_that_is_not_there_is_an_error_or_none(app: App, free_port: int) -> None:
    with pytest.raises(
        MailError, match=rf"^the mail server 127\.0\.0\.1:{free_port} did not take it: .* See EMAIL_HOST"
    ):
        SMTPBackend("127.0.0.1", free_port).send_messages([mail()])
    assert SMTPBackend("127.0.0.1", free_port, fail_silently=True).send_messages([mail()]) == 0
    assert SMTPBackend("127.0.0.1", free_port, fail_silently=True).open() is False


def test_whom_the_server_does_not_know_is_told(
    app: App, box: Box, start: Callable[..., int], caplog: pytest.LogCaptureFixture
) -> None:
    box.refuse = "li1@example.com"
    port = start()
    with pytest.raises(MailError):
        SMTPBackend("127.0.0.1", port).send_messages([mail()])
    assert SMTPBackend("127.0.0.1", port, fail_silently=True).send_messages([mail()]) == 0
    assert SMTPBackend("127.0.0.1", port).send_messages([mail(cc=["bo@example.com"])]) == 1
    assert "the mail server refused some of those that a mail was for: 'li1@example.com'" in caplog.text


def test_starttls_and_a_log_in(app: App, box: Box, start: Callable[..., int], tls: tuple[ssl.SSLContext, str]) -> None:
    context, trusted = tls
    port = start(tls_context=context, require_starttls=True, auth_required=True, authenticator=check_login)
    app.config.update(
        EMAIL_HOST="127.0.0.1", EMAIL_PORT=port, EMAIL_USE_TLS=True, EMAIL_SSL_CAFILE=trusted,
        EMAIL_HOST_USER="shop", EMAIL_HOST_PASSWORD="secret",
    )  # fmt: skip
    assert mail().send() == 1
    with pytest.raises(MailError):
        send_mail("x", "y", None, ["li@example.com"], auth_user="shop", auth_password="wrong")
    assert len(box.envelopes) == 1


def test_tls_from_the_first_byte(
    app: App, box: Box, start: Callable[..., int], tls: tuple[ssl.SSLContext, str]
) -> None:
    context, trusted = tls
    port = start(ssl_context=context)
    assert SMTPBackend("127.0.0.1", port, use_ssl=True, ssl_cafile=trusted).send_messages([mail()]) == 1
    with pytest.raises(MailError, match="CERTIFICATE_VERIFY_FAILED"):
        SMTPBackend("127.0.0.1", port, use_ssl=True).send_messages([mail()])
    assert len(box.envelopes) == 1


def test_a_server_without_tls_gets_no_mail_where_tls_is_asked_for(
    app: App, box: Box, start: Callable[..., int]
) -> None:
    with pytest.raises(MailError):
        SMTPBackend("127.0.0.1", start(), use_tls=True).send_messages([mail()])
    assert box.envelopes == []


def test_ports_and_contradictions(app: App) -> None:
    assert SMTPBackend().port == 25
    assert SMTPBackend(use_tls=True).port == 587
    assert SMTPBackend(use_ssl=True).port == 465
    with pytest.raises(ConfigError, match=r"^EMAIL_USE_TLS and EMAIL_USE_SSL are both on"):
        SMTPBackend(use_tls=True, use_ssl=True)
    with pytest.raises(OSError, match="No such file"):
        SMTPBackend(use_ssl=True, ssl_certfile="/nowhere.pem").open()
