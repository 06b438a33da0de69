"""Mails: their headers, addresses, texts, files and pictures, and what cannot be one."""

import email
from email import policy
from pathlib import Path
from typing import Any

import pytest

from spruce import App, db
from spruce.errors import BadHeaderError, MailError
from spruce.mail import EmailMessage, EmailMultiAlternatives, outbox
from spruce.mail.messages import address_of, envelope_of


@pytest.fixture(autouse=True)
def _in_the_app(app: App) -> None:
    app.config["EMAIL_BACKEND"] = "memory"


def read(mail: EmailMessage) -> Any:
    """What another program reads in it."""
    return email.message_from_bytes(mail.message().as_bytes(), policy=policy.default)


def test_who_gets_it_sees_who_it_is_from_and_for() -> None:
    mail = EmailMessage(
        "Grüße 你好", "Hallo\r\nWelt 你好", "Li Lei 李 <a@bücher.example>", ["b@c.d", "Bo <bo@x.y>"],
        cc=["c@c.d"], bcc=["h@h.h"], reply_to=["r@r.r"], headers={"X-Shop": "1"},
    )  # fmt: skip
    found = read(mail)
    assert {name: str(found[name]) for name in ("Subject", "From", "To", "Cc", "Reply-To", "X-Shop", "Bcc")} == {
        "Subject": "Grüße 你好",
        "From": "Li Lei 李 <a@xn--bcher-kva.example>",
        "To": "b@c.d, Bo <bo@x.y>",
        "Cc": "c@c.d",
        "Reply-To": "r@r.r",
        "X-Shop": "1",
        "Bcc": "None",
    }
    assert found.get_content() == "Hallo\r\nWelt 你好\r\n"
    assert mail.message().as_bytes().isascii()
    assert found["Message-ID"].endswith("@xn--bcher-kva.example>")
    assert found["Date"].datetime.tzinfo is not None
    assert mail.recipients() == ["b@c.d", "Bo <bo@x.y>", "c@c.d", "h@h.h"]
    assert envelope_of(mail) == ("a@xn--bcher-kva.example", ["b@c.d", "bo@x.y", "c@c.d", "h@h.h"])
    assert repr(mail) == "<EmailMessage 'Grüße 你好' to b@c.d, Bo <bo@x.y>, c@c.d, h@h.h>"
    assert repr(EmailMessage()) == "<EmailMessage '' to nobody>"


def test_usual_headers_may_be_others() -> None:
    given = {
        "From": "list@b.c",
        "To": "everybody@b.c",
        "message-id": "<1@b.c>",
        "Date": "Mon, 01 Jan 2024 00:00:00 +0000",
    }
    mail = EmailMessage("x", "y", "a@b.c", ["d@e.f"], headers=given)
    found = read(mail)
    assert [str(found[name]) for name in ("From", "To", "Message-ID")] == ["list@b.c", "everybody@b.c", "<1@b.c>"]
    assert len(found.get_all("Date")) == len(found.get_all("From")) == 1
    assert envelope_of(mail) == ("a@b.c", ["d@e.f"])


@pytest.mark.parametrize(
    "options",
    [
        {"subject": "Hi\nBcc: victim@b.c"},
        {"subject": "Hi\r\n\r\nbody"},
        {"from_email": "a@b.c\nBcc: victim@b.c"},
        {"to": ["a@b.c\r\nBcc: victim@b.c"]},
        {"cc": ["A\n <a@b.c>"]},
        {"reply_to": ["a@b.c\n"]},
        {"headers": {"X-A": "1\nBcc: victim@b.c"}},
        {"headers": {"X-A: 1\nBcc": "victim@b.c"}},
        {"headers": {"To": "a@b.c\nBcc: victim@b.c"}},
        {"attachments": [("a\nb.txt", "x", "text/plain")]},
        {"attachments": [("a.txt", "x", "text/plain\r\nX-A: 1")]},
        *({"subject": f"Hi{letter}there"} for letter in "\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029"),
        {"to": ["Li\u2028Lei <li@b.c>"]},
    ],
)
def test_no_text_becomes_a_header_asvs_1_3_11(options: dict[str, Any]) -> None:
    """Whatever a visitor typed into a form: a line break in a header is refused before anything is sent."""
    with pytest.raises(BadHeaderError, match=r"^Header values can't contain newlines \(got "):
        EmailMessage(**{"to": ["li@b.c"], **options}).send()
    assert outbox == []


@pytest.mark.parametrize("text", ["", "<>", "@b.c", "a b@c d", "a@b..c@", "x@" + "ü" * 70 + ".example"])
def test_what_is_no_address_is_told(text: str) -> None:
    with pytest.raises(MailError, match=r" is no mail address\. Write 'li@example\.com' or"):
        address_of(text)


def test_addresses() -> None:
    assert str(address_of("root")) == "root"
    assert address_of('"Li, Lei" <li@b.c>').display_name == "Li, Lei"
    with pytest.raises(TypeError, match=r'^"to" argument must be a list or tuple$'):
        EmailMessage(to="a@b.c")  # type: ignore[arg-type] # the point of the test


def test_html_pictures_and_files(tmp_path: Path) -> None:
    """Text or HTML, the HTML with its pictures, and files beside all that (RFC 2387)."""
    mail = EmailMultiAlternatives("x", "plain", None, ["a@b.c"], alternatives=[("{}", "application/json")])
    place = mail.attach_inline("logo.png", b"\x89PNG")
    mail.attach_alternative(f'<img src="{place}">')
    tmp_path.joinpath("bill.pdf").write_bytes(b"%PDF")
    mail.attach_file(tmp_path / "bill.pdf")
    mail.attach("熊猫.txt", "竹子")
    mail.attach(None, b"\x00", None)
    mail.attach("old.eml", b"Subject: old\r\n\r\nbody", "message/rfc822")
    found = read(mail)
    assert found.get_content_type() == "multipart/mixed"
    assert found.get_body(("plain",)).get_content() == "plain\r\n"
    page = found.get_body(("html",))
    assert page.get_content() == f'<img src="{place}">\r\n'
    (picture,) = [part for part in found.walk() if part.get_content_type() == "image/png"]
    assert picture["Content-ID"] == f"<{place.removeprefix('cid:')}>"
    assert picture.get_content_disposition() == "inline"
    files = [(part.get_filename(), part.get_content_type()) for part in found.iter_attachments()]
    assert files[-4:] == [
        ("bill.pdf", "application/pdf"),
        ("熊猫.txt", "text/plain"),
        (None, "application/octet-stream"),
        ("old.eml", "message/rfc822"),
    ]


def test_a_picture_needs_no_alternative() -> None:
    mail = EmailMessage("x", "<img>", None, ["a@b.c"])
    mail.content_subtype = "html"
    mail.attach_inline("a.png", b"x")
    assert read(mail).get_content_type() == "multipart/related"
    assert read(EmailMultiAlternatives("x", "y", None, ["a@b.c"])).get_content_type() == "text/plain"


def test_a_mail_to_nobody_is_none() -> None:
    assert EmailMessage("x", "y").send() == 0
    assert outbox == []


def test_after_the_commit_and_not_at_all_after_a_rollback() -> None:
    def send(number: int) -> int:
        return EmailMessage(f"{number}", "y", None, ["a@b.c"]).send(on_commit=True)

    with db.atomic():
        assert send(1) == 0
        assert outbox == []
    assert [mail.subject for mail in outbox] == ["1"]
    with pytest.raises(ZeroDivisionError), db.atomic():
        _ = send(2) / 0
    send(3)
    assert [mail.subject for mail in outbox] == ["1", "3"]
    with db.atomic(), pytest.raises(BadHeaderError):
        EmailMessage("a\nb", "y", None, ["a@b.c"]).send(on_commit=True)


def test_it_may_be_from_the_settings(app: App) -> None:
    app.config["DEFAULT_FROM_EMAIL"] = "Shop <shop@b.c>"
    assert read(EmailMessage("x", "y", None, ["a@b.c"]))["From"] == "Shop <shop@b.c>"
