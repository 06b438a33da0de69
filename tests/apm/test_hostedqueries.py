"""Queries of Django and SQLAlchemy as spans."""

import asyncio
from collections.abc import Iterator
from typing import Any

import django
import pytest
import sqlalchemy as sa
from django.conf import settings as django_settings
from django.db import connections
from django.db.utils import OperationalError
from sqlalchemy.ext.asyncio import create_async_engine
from tests.apm.conftest import Records

from spruce import App, apm, config, db
from spruce.alchemy import SQLAlchemy
from spruce.apm import Client

if not django_settings.configured:
    django_settings.configure(ALLOWED_HOSTS=["*"], SECRET_KEY="k" * 50, LOGGING_CONFIG=None)
    django.setup()


@pytest.fixture
def connection() -> Iterator[Any]:
    """A connection of Django's to a database in memory."""
    engine = {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}
    handler = type(connections)({"default": engine})
    made = handler["default"]
    yield made
    made.close()


def told(records: Records) -> list[tuple[str, str | None, str, str]]:
    return [(span.name, span.subtype, span.resource, span.outcome) for span in records.last.spans]


def test_djangos(records: Records, client: Client, connection: Any) -> None:
    """With Elastic's signatures, as failures where they fail, without parameters."""
    apm.instrument()
    client.begin_transaction("job")
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE shelf (name TEXT)")
        cursor.executemany("INSERT INTO shelf VALUES (%s)", [["secret"], ["b"]])
        cursor.execute("SELECT name FROM shelf WHERE name = %s", ["secret"])
        with pytest.raises(OperationalError):
            cursor.execute("SELECT * FROM nothing")
    client.end_transaction("work")
    place = "sqlite/:memory:"
    assert told(records) == [
        ("CREATE", "sqlite", place, "success"),
        ("INSERT INTO shelf", "sqlite", place, "success"),
        ("SELECT FROM shelf", "sqlite", place, "success"),
        ("SELECT FROM nothing", "sqlite", place, "failure"),
    ]
    assert records.last.spans[2].context["db"] == {  # type: ignore[index] # it has one
        "instance": ":memory:",
        "statement": "SELECT name FROM shelf WHERE name = %s",
        "type": "sql",
    }
    assert "secret" not in repr([(span.context, span.detail) for span in records.last.spans])


def test_sqlalchemys(records: Records, client: Client) -> None:
    """Of engines that are the program's own."""
    apm.instrument()
    client.begin_transaction("job")
    engine = sa.create_engine("sqlite://")
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE shelf (name TEXT)")
        connection.execute(sa.text("INSERT INTO shelf VALUES (:name)"), [{"name": "a"}, {"name": "b"}])
        connection.execute(sa.text("SELECT name FROM shelf WHERE name = :name"), {"name": "a"}).all()
        with pytest.raises(sa.exc.OperationalError):
            connection.exec_driver_sql("SELECT * FROM nothing")
    engine.dispose()
    client.end_transaction("work")
    assert told(records) == [
        ("CREATE", "sqlite", "sqlite/sqlite", "success"),
        ("INSERT INTO shelf", "sqlite", "sqlite/sqlite", "success"),
        ("SELECT FROM shelf", "sqlite", "sqlite/sqlite", "success"),
        ("SELECT FROM nothing", "sqlite", "sqlite/sqlite", "failure"),
    ]


def test_async_engines(records: Records, client: Client, tmp_path: Any) -> None:
    """They are the same below."""
    apm.instrument()

    async def main() -> None:
        client.begin_transaction("job")
        engine = create_async_engine(f"sqlite+aiosqlite:///{tmp_path}/shop.db")
        async with engine.connect() as connection:
            await connection.execute(sa.text("SELECT 1"))
        await engine.dispose()
        client.end_transaction("work")

    asyncio.run(main())
    assert ("SELECT", "sqlite", f"sqlite/{tmp_path}/shop.db", "success") in told(records)


def test_spruces_own_are_told_once(records: Records) -> None:
    """Those of `spruce.db`, and those of SQLAlchemy on its databases."""
    before = config.current()
    app = App(__name__, ELASTIC_APM={"DISABLE_SEND": True}, SQLALCHEMY_DATABASE_URI="sqlite://", static_folder=None)
    shop = SQLAlchemy(app)

    @app.get("/")
    def home() -> str:
        db.execute("SELECT 1")
        return str(shop.session.scalar(sa.text("SELECT 7 FROM sqlite_master UNION SELECT 8")))

    assert app.test_client().get("/").text == "8"
    assert [span.name for span in records.last.spans if span.name.startswith("SELECT")] == [
        "SELECT",
        "SELECT FROM sqlite_master",
    ]
    with app.app_context():
        db.configure(DATABASES={})
    config.install(before)


def test_outside_of_transactions_nothing_is_done(records: Records, client: Client, connection: Any) -> None:
    """And nothing at all after the client has ended."""
    apm.instrument()
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    client.close()
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    assert records == []
