"""Mails in memory, and nowhere."""

from spruce import App
from spruce.mail import EmailMessage, get_connection, outbox


def test_the_outbox_has_copies(app: App) -> None:
    mail = EmailMessage("x", "y", None, ["a@b.c"])
    assert get_connection("memory").send_messages([mail, EmailMessage("to nobody", "")]) == 1
    mail.subject = "changed"
    assert [one.subject for one in outbox] == ["x"]


def test_the_dummy_forgets_them(app: App) -> None:
    assert get_connection("dummy").send_messages([EmailMessage("x", "y", None, ["a@b.c"])]) == 1
    assert outbox == []
