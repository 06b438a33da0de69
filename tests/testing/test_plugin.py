"""The plugin, in a run of pytest of its own."""

import os
import subprocess
import sys
from pathlib import Path

TESTS = """
from urllib.request import urlopen

import pytest

from spruce import App, db, task
from spruce.mail import send_mail


@task
def double(number):
    return 2 * number


@pytest.fixture
def app():
    app = App(__name__, TESTING=True, DATABASES={"default": "sqlite://"})
    app.add_url_rule("/", "index", lambda: f"debug {app.debug}")
    return app


def test_client(client):
    assert client.get("/").text == "debug False"


def test_settings(client, settings):
    settings(DEBUG=True)
    assert client.get("/").text == "debug True"


def test_mailoutbox(app, mailoutbox):
    with app.app_context():
        send_mail("Hello", "", None, ["li@example.com"])
    assert [mail.subject for mail in mailoutbox] == ["Hello"]


def test_mailoutbox_is_empty_at_first(mailoutbox):
    assert mailoutbox == []


def test_jobs(app, jobs):
    double.enqueue_in(3600, 2)
    assert [result.return_value for result in jobs.advance(3600)] == [4]
    db.databases.current().close()


def test_live_server(live_server):
    with urlopen(live_server.url) as answer:
        assert answer.read() == b"debug False"
"""


def test_fixtures_are_there_for_an_app(tmp_path: Path) -> None:
    """A client, settings for the test, a live server, the mails that were sent."""
    (tmp_path / "test_app.py").write_text(TESTS)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "spruce.testing.plugin", "-W", "error"]
    environment = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    result = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert result.stdout.splitlines()[-1].startswith("6 passed"), result.stdout
