"""What the tests of accounts share: settings of an app, its views, and hashes that take no time and are counted."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from spruce import App, Request
from spruce.auth import authenticate, login, login_required, logout
from spruce.auth.hashers import Argon2PasswordHasher
from spruce.events import db_query
from spruce.web.client import Client

__all__ = ["KEY", "PASSWORD", "CountingHasher", "add_views", "counted", "settings", "sign_in"]

KEY = "a key for tests that is long enough to be one"
PASSWORD = "correct horse battery"


class CountingHasher(Argon2PasswordHasher):
    """Argon2id at next to no cost, which counts how often it was asked for a hash."""

    time_cost = 1
    memory_cost = 8
    calls = 0

    def encode(self, password: str, salt: str) -> str:
        type(self).calls += 1
        return super().encode(password, salt)

    def verify(self, password: str, encoded: str) -> bool:
        type(self).calls += 1
        return super().verify(password, encoded)


def settings(folder: Path, **more: Any) -> dict[str, Any]:
    """The settings of such an app."""
    return {
        "TESTING": True,
        "SECRET_KEY": KEY,
        "DATABASES": {"default": f"sqlite:///{folder}/test.db"},
        "INSTALLED_APPS": ["spruce.auth"],
        "PASSWORD_HASHERS": [CountingHasher()],
        **more,
    }


def add_views(app: App) -> None:
    """Views to log in and out, and to see who one is."""

    @app.post("/in")
    def sign_in(request: Request) -> Any:
        user = authenticate(request, username=request.form["username"], password=request.form["password"])
        if user is None:
            return "wrong", 400
        login(request, user)
        return "in"

    @app.post("/out")
    def sign_out(request: Request) -> str:
        logout(request)
        return "out"

    @app.get("/mine")
    @login_required
    def mine(request: Request) -> str:
        return str(request.user)

    @app.get("/who")
    def who(request: Request) -> str:
        return str(request.user)


def sign_in(client: Client, username: str = "anna", password: str = PASSWORD) -> None:
    """Log in, by the view of these tests."""
    answer = client.post("/in", data={"username": username, "password": password})
    assert answer.text == "in"


@contextmanager
def counted() -> Iterator[list[str]]:
    """Yield a list that gets the SQL of each query, whichever green thread runs it."""
    seen: list[str] = []
    leave = db_query.subscribe(lambda event: seen.append(str(event["sql"])))
    try:
        yield seen
    finally:
        leave()
