"""The cookie that carries over what a visitor has written; with a standby in tests/real/test_replicas.py."""

from collections.abc import Iterator

import pytest

from spruce import App, db
from spruce.db.replicas import seen_here, start_anew
from spruce.errors import ConfigError
from spruce.middleware.signing import TimestampSigner


@pytest.fixture
def app(postgres: str) -> Iterator[App]:
    """An app that writes on demand, and tells what reads have to wait for."""
    app = App(__name__, SECRET_KEY="secret", DATABASES={"default": postgres}, DATABASE_REPLICAS=[postgres])

    @app.post("/write")
    def write() -> str:
        db.execute("CREATE TABLE IF NOT EXISTS t_written (id int)")
        return "done"

    @app.get("/read")
    def read() -> dict[str, int]:
        assert db.execute("SELECT 1").scalar() == 1
        return {alias: seen.position for alias, seen in seen_here().items()}

    yield app
    with app.app_context():
        db.execute("DROP TABLE IF EXISTS t_written")
        db.configure(DATABASES={})
    start_anew()


def test_who_writes_gets_a_cookie_and_others_do_not(app: App) -> None:
    """It tells the position, and the next request waits for that; one that only reads is left with it."""
    client = app.test_client()
    assert client.get("/read").json == {}
    answer = client.post("/write", headers={"Sec-Fetch-Site": "same-origin"})
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("written=default:")
    assert cookie.endswith("; Max-Age=15; HttpOnly; Path=/; SameSite=Lax")
    token = cookie.removeprefix("written=").partition(";")[0]
    position = int(token.split(":")[1], 16)
    again = client.get("/read")
    assert again.json == {"default": position}
    assert "Set-Cookie" not in again.headers
    assert app.test_client().get("/read").json == {}


def test_a_cookie_that_was_changed_or_is_old_is_none(app: App) -> None:
    """Nobody is sent to the primary for good."""
    client = app.test_client()
    with app.app_context():
        signed = TimestampSigner(salt="spruce.replicas").sign("default:ff")
    client.set_cookie("written", signed)
    assert client.get("/read").json == {"default": 255}
    client.set_cookie("written", signed.replace("ff", "fff"))
    assert client.get("/read").json == {}
    client.set_cookie("written", "")
    assert client.get("/read").json == {}


def test_replicas_need_a_key() -> None:
    """It is said when the app starts."""
    app = App(__name__, DATABASES={"default": "postgresql:///a"}, DATABASE_REPLICAS=["postgresql:///b"])
    with pytest.raises(ConfigError) as error:
        app.test_client().get("/")
    assert str(error.value).startswith(
        "DATABASE_REPLICAS needs SECRET_KEY: what visitors have written is remembered in a signed cookie. Make one: "
    )
