"""Mails on the terminal."""

import io

import pytest

from spruce import App
from spruce.mail import EmailMessage, EmailMultiAlternatives, get_connection


def test_a_mail_is_shown_as_people_read_it(app: App, capsys: pytest.CaptureFixture[str]) -> None:
    mail = EmailMultiAlternatives("你好", "Hier: http://b.c/ü", "shop@b.c", ["li@b.c"])
    mail.attach_alternative("<p>Hier")
    mail.attach("a.txt", "x")
    assert mail.send() == 1
    assert EmailMessage("to nobody", "", "shop@b.c").send() == 0
    line = "-" * 79
    assert capsys.readouterr().out == (
        f"{line}\nFrom: shop@b.c\nTo: li@b.c\nSubject: 你好\n\n"
        f"Hier: http://b.c/ü\n[attached: a.txt, text/plain]\n{line}\n"
    )


def test_another_stream_may_have_them(app: App) -> None:
    stream = io.StringIO()
    assert get_connection("console", stream=stream).send_messages([EmailMessage("x", "y", None, ["a@b.c"])]) == 1
    assert "Subject: x" in stream.getvalue()
