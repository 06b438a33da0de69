"""Sending in one call."""

from pathlib import Path

import jinja2
import pytest

from spruce import App
from spruce.errors import MailError, TemplateNotFound
from spruce.i18n import get_language
from spruce.mail import (
    from_template,
    get_connection,
    mail_admins,
    mail_managers,
    outbox,
    send_mail,
    send_mass_mail,
    send_template,
)


@pytest.fixture(autouse=True)
def _in_memory(app: App) -> None:
    app.config["EMAIL_BACKEND"] = "memory"


def template(folder: Path, name: str, text: str) -> None:
    path = folder / "templates" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def test_a_mail_in_one_call(app: App) -> None:
    assert send_mail("x", "y", "a@b.c", ["d@e.f"], html_message="<p>y") == 1
    (mail,) = outbox
    assert (mail.subject, mail.body, mail.from_email, mail.to) == ("x", "y", "a@b.c", ["d@e.f"])
    assert mail.alternatives == [("<p>y", "text/html")]  # type: ignore[attr-defined] # it is one with alternatives
    assert send_mail("x", "y", None, []) == 0


def test_many_in_one_call(app: App) -> None:
    mails = [(f"{number}", "y", None, [f"{number}@b.c"]) for number in range(3)]
    assert send_mass_mail(mails) == 3
    assert send_mass_mail(mails, connection=get_connection("dummy")) == 3
    assert [mail.to for mail in outbox] == [["0@b.c"], ["1@b.c"], ["2@b.c"]]


def test_admins_and_managers_get_theirs(app: App) -> None:
    mail_admins("x", "y")
    assert outbox == []
    app.config.update(ADMINS=["a@b.c", ("Bo", "bo@b.c")], MANAGERS=["m@b.c"], EMAIL_SUBJECT_PREFIX="[Shop] ")
    mail_admins("x", "y", html_message="<p>y")
    mail_managers("x", "y")
    assert [(mail.subject, mail.to, mail.from_email) for mail in outbox] == [
        ("[Shop] x", ["a@b.c", "bo@b.c"], "root@localhost"),
        ("[Shop] x", ["m@b.c"], "root@localhost"),
    ]


def test_templates_make_text_and_html_of_one_name(app: App, tmp_path: Path) -> None:
    template(tmp_path, "mail/welcome.txt", "Subject: Hello {{ name }}\n\nDear {{ name }} & co\n")
    template(tmp_path, "mail/welcome.html", "<p>Dear {{ name }} &amp; co")
    assert send_template("mail/welcome", ["li@b.c"], name="<Li>") == 1
    (mail,) = outbox
    assert (mail.subject, mail.body) == ("Hello <Li>", "Dear <Li> & co\n")
    assert mail.alternatives == [("<p>Dear &lt;Li&gt; &amp; co", "text/html")]  # type: ignore[attr-defined] # the same


def test_the_html_may_be_missing_and_the_language_given(app: App, tmp_path: Path) -> None:
    app.config["LANGUAGES"] = {"en": "English", "zh-Hans": "中文"}
    template(tmp_path, "mail/welcome.txt", "Subject: x\n\n{{ get_language() }}")
    mail = from_template("mail/welcome", ["li@b.c"], language="zh-Hans", from_email="a@b.c")
    assert (mail.body, mail.alternatives, mail.from_email) == ("zh-Hans\n", [], "a@b.c")
    assert get_language() == "en"


def test_what_is_wrong_with_templates_is_told(app: App, tmp_path: Path) -> None:
    template(tmp_path, "bare.txt", "Dear Li")
    with pytest.raises(MailError) as caught:
        from_template("bare", ["li@b.c"])
    assert str(caught.value) == ("the template 'bare' has no subject. Let bare.txt begin with a line 'Subject: …'.")
    with pytest.raises(TemplateNotFound):
        from_template("nothing", ["li@b.c"])
    template(tmp_path, "broken.txt", "Subject: x\n")
    template(tmp_path, "broken.html", "{% include 'nowhere.html' %}")
    with pytest.raises(jinja2.TemplateNotFound, match=r"^nowhere\.html$"):
        from_template("broken", ["li@b.c"])


def test_a_name_in_a_subject_makes_no_header(app: App, tmp_path: Path) -> None:
    template(tmp_path, "hello.txt", "Subject: Hello {{ name }}\n\nDear {{ name }}\n")
    send_template("hello", ["li@b.c"], name="Li\nBcc: victim@b.c")
    (mail,) = outbox
    assert mail.message()["Bcc"] is None
    assert mail.recipients() == ["li@b.c"]
