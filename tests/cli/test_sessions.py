"""`spruce clearsessions`."""

from collections.abc import Callable
from pathlib import Path

from click.testing import CliRunner, Result

from spruce.cli.main import main

Write = Callable[..., Path]


def clear(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["clearsessions", *arguments])


def test_expired_sessions_are_removed(write: Write, tmp_path: Path) -> None:
    """And no others; the command says how many."""
    write(
        "app.py",
        f"""
        from datetime import UTC, datetime, timedelta
        from spruce import App, db
        from spruce.middleware.databasestore import StoredSession

        app = App(__name__, SESSION_ENGINE="database", DATABASES={{"default": "sqlite:///{tmp_path}/test.db"}})
        with app.app_context():
            db.create_all()
            if not StoredSession.objects.exists():
                for number, age in enumerate((-2, -1, 600)):
                    expires = datetime.now(UTC) + timedelta(seconds=age)
                    StoredSession.objects.create(key=str(number), values="{{}}", began=expires, expires=expires)
        """,
    )
    assert clear().output == "removed 2 expired sessions\n"
    assert clear("app.py").output == "removed 0 expired sessions\n"


def test_sessions_in_cookies_need_it_not(write: Write) -> None:
    write("app.py", "from spruce import App\napp = App(__name__)\n")
    assert clear().output == "removed 0 expired sessions\n"


def test_an_app_without_sessions_has_none_to_clear(write: Write) -> None:
    write("app.py", "from spruce import App\napp = App(__name__, DEFAULT_MIDDLEWARE=[])\n")
    assert clear().stderr == ("Error: the app keeps no sessions. SessionMiddleware is not among its middleware.\n")
    write("plain.py", "def app(environ, start_response): ...\n")
    assert clear("plain.py").stderr == (
        "Error: plain:app, a WSGI app, has no sessions of Spruce. Its own framework may have a command.\n"
    )
