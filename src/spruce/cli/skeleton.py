"""What `spruce new` writes; NAME in paths and texts is the name of the app."""

__all__ = ["ONE_FILE", "PROJECT"]

ONE_FILE = '''
"""NAME: an app in one file. Serve it with: spruce run NAME.py --debug"""

from spruce import App

app = App(__name__)


@app.get("/")
def index():
    return "<h1>NAME works</h1>"


@app.get("/hello/<name>")
def hello(name: str, times: int = 1):
    """Greet somebody, several times if `?times=` says so."""
    return {"hello": [name] * times}


if __name__ == "__main__":
    app.run(debug=True)
'''

_APP = '''
"""Where servers and commands find the app: spruce run, gunicorn app:app, uvicorn app:app.asgi."""

from NAME import create_app

app = create_app()
'''

_PACKAGE = '''
"""NAME: the app is put together here, from views, models and settings."""

from spruce import App, db

from NAME import models
from NAME.views import pages

__all__ = ["create_app", "models"]


def create_app(**settings):
    """Return a new app; `settings` go before those of settings.toml, SPRUCE_* variables before both."""
    app = App(__name__)
    app.config.from_toml(f"{app.root_path}/settings.toml")
    app.config.from_environment()
    app.config.update(settings)
    app.register_blueprint(pages)
    with app.app_context():
        db.create_all()
    return app
'''

_MODELS = '''
"""Models: what is kept in the database."""

from spruce import db


class Note(db.Model):
    """Something that somebody wrote."""

    text = db.CharField(max_length=200)
    written = db.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-id"]
'''

_VIEWS = '''
"""Views: what is done with a request, and which template makes the page."""

from typing import Annotated

from spruce import Blueprint, redirect, render_template, url_for
from spruce.web import Form

from NAME.models import Note

pages = Blueprint("pages", __name__)


@pages.get("/")
def index():
    """Show the newest notes."""
    return render_template("index.html", notes=Note.objects.all()[:20])


@pages.post("/")
def write(text: Annotated[str, Form(min_length=1, max_length=200)]):
    """Keep a note."""
    Note.objects.create(text=text)
    return redirect(url_for(".index"))


@pages.get("/api/notes", openapi=True)
def notes(limit: int = 20) -> list[dict]:
    """List the newest notes."""
    return [{"id": note.id, "text": note.text} for note in Note.objects.all()[:limit]]
'''

_LAYOUT = """
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{% block title %}NAME{% endblock %}</title>
<link rel="stylesheet" href="{{ static('style.css') }}">
</head>
<body>
<main>{% block content %}{% endblock %}</main>
</body>
</html>
"""

_INDEX = """
{% extends "layout.html" %}
{% block content %}
<h1>NAME</h1>
<form method="post">
<label>A note <input name="text" maxlength="200" required autofocus></label>
<button>Keep it</button>
</form>
<ul>
{% for note in notes %}
<li>{{ note.text }}</li>
{% else %}
<li>Nothing yet.</li>
{% endfor %}
</ul>
{% endblock %}
"""

_STYLE = """
:root { color-scheme: light dark; }
body { font: 1.05rem/1.5 system-ui, sans-serif; margin: 0; }
main { max-width: 40rem; margin: 3rem auto; padding: 0 1rem; }
input, button { font: inherit; padding: .35rem .7rem; }
"""

_TESTS = '''
"""The views, as a browser meets them."""

import pytest

from NAME import create_app


@pytest.fixture
def client(tmp_path):
    """A browser, and an app with a database of its own."""
    app = create_app(TESTING=True, DATABASES={"default": f"sqlite:///{tmp_path}/test.db"})
    return app.test_client()


def test_a_note_is_kept(client):
    """It is on the page, and in the API."""
    answer = client.post("/", data={"text": "Buy a <panda>"}, follow_redirects=True)
    assert "Buy a &lt;panda&gt;" in answer.text
    assert client.get("/api/notes").json == [{"id": 1, "text": "Buy a <panda>"}]


def test_an_empty_note_is_refused(client):
    """With the name of the field."""
    assert client.post("/", data={"text": ""}).json["fields"] == {"text": "Expected `str` of length >= 1"}
'''

_SETTINGS = """
# Settings of the app; SPRUCE_* variables go before them. What differs from place to place is in .env.example.
MAX_CONTENT_LENGTH = 10_000_000

# HTTP is sent on to HTTPS, but not in debug mode, and not on localhost. Browsers are told for a day to use HTTPS only;
# make it a year, 31_536_000, once that is sure to stay.
SECURE_SSL_REDIRECT = true
SECURE_HSTS_SECONDS = 86_400
SECURE_HSTS_INCLUDE_SUBDOMAINS = false
SECURE_HSTS_PRELOAD = false

# What pages may load: only what this app serves itself.
[SECURE_CSP]
default-src = ["'self'"]
base-uri = ["'none'"]
form-action = ["'self'"]
frame-ancestors = ["'none'"]
object-src = ["'none'"]
"""

_ENVIRONMENT = """
# Copy this to .env, which stays out of the repository.
SPRUCE_SECRET_KEY="a long random text"
SPRUCE_ALLOWED_HOSTS='["NAME.example"]'
# SPRUCE_DATABASES__default=sqlite:///NAME.db
"""

_PROJECT = """
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[project]
name = "NAME"
version = "0.1.0"
requires-python = ">=3.11"
dependencies = ["spruce"]

[project.optional-dependencies]
test = ["pytest"]

[tool.pytest.ini_options]
testpaths = ["tests"]
pythonpath = ["."]
"""

_DOCKERFILE = """
FROM python:3.13-slim
WORKDIR /app
COPY pyproject.toml ./
COPY NAME NAME
COPY app.py ./
RUN pip install --no-cache-dir .
RUN useradd --create-home NAME && mkdir instance && chown NAME instance
USER NAME
EXPOSE 8000
# The proxy in front, which speaks HTTPS, is believed who the visitor is.
CMD ["spruce", "run", "--host", "0.0.0.0", "--port", "8000", "--workers", "2", "--trust", "172.16.0.0/12"]
"""

_SERVICE = """
# For systemd, with the project and its .venv in /srv/NAME.
[Unit]
Description=NAME
After=network.target

[Service]
User=NAME
WorkingDirectory=/srv/NAME
EnvironmentFile=/srv/NAME/.env
ExecStart=/srv/NAME/.venv/bin/spruce run --bind unix:/run/NAME/app.sock --trust unix --workers 2
RuntimeDirectory=NAME
Restart=on-failure

[Install]
WantedBy=multi-user.target
"""

_README = """
# NAME

    spruce run --debug      serve it on http://127.0.0.1:5000
    spruce routes           what paths it answers
    pytest                  run its tests
    spruce check --deploy   before it goes to a server

Models are in `NAME/models.py`, views in `NAME/views.py`, templates in `NAME/templates/`.
"""

PROJECT = {
    "app.py": _APP,
    "NAME/__init__.py": _PACKAGE,
    "NAME/models.py": _MODELS,
    "NAME/views.py": _VIEWS,
    "NAME/settings.toml": _SETTINGS,
    "NAME/templates/layout.html": _LAYOUT,
    "NAME/templates/index.html": _INDEX,
    "NAME/static/style.css": _STYLE,
    "tests/test_views.py": _TESTS,
    "pyproject.toml": _PROJECT,
    "Dockerfile": _DOCKERFILE,
    "NAME.service": _SERVICE,
    ".env.example": _ENVIRONMENT,
    ".gitignore": "__pycache__/\n.venv/\n.env\ninstance/\n",
    "README.md": _README,
}
