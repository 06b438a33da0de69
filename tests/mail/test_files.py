"""Mails as files."""

import email
from pathlib import Path

from spruce import App
from spruce.mail import EmailMessage, get_connection


def test_each_mail_is_a_file_that_only_its_owner_reads(app: App, tmp_path: Path) -> None:
    app.config["EMAIL_BACKEND"] = "file"
    assert EmailMessage("x", "y", None, ["a@b.c"]).send() == 1
    (path,) = tmp_path.joinpath("instance", "mails").iterdir()
    assert path.suffix == ".eml"
    assert path.stat().st_mode & 0o777 == 0o600
    assert email.message_from_bytes(path.read_bytes())["Subject"] == "x"


def test_the_folder_may_be_another(app: App, tmp_path: Path) -> None:
    mails = [EmailMessage(str(number), "y", None, ["a@b.c"]) for number in range(3)]
    assert get_connection("file", file_path=tmp_path / "here").send_messages(mails) == 3
    assert len(list((tmp_path / "here").iterdir())) == 3
