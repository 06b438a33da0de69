"""Connections for migrations: one process at a time, all or nothing."""

import threading
from pathlib import Path

import pytest
import sqlalchemy as sa

from spruce.db.databases import Database
from spruce.db.migrating import with_connection
from spruce.errors import MigrationError


@pytest.fixture(params=["sqlite", "postgres", "mariadb"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Database:
    if request.param == "sqlite":
        return Database("default", f"sqlite:///{tmp_path / 'app.db'}")
    return Database("default", str(request.getfixturevalue(request.param)))


def test_a_second_one_waits_for_the_first(database: Database) -> None:
    told: list[str] = []
    inside, going = threading.Event(), threading.Event()

    def first(connection: sa.Connection) -> None:
        connection.begin()
        told.append("first begins")
        inside.set()
        assert going.wait(10)
        told.append("first ends")

    def second(connection: sa.Connection) -> None:
        connection.begin()
        told.append("second")

    threads = [threading.Thread(target=with_connection, args=(database, first))]
    threads[0].start()
    assert inside.wait(10)
    threads.append(threading.Thread(target=with_connection, args=(database, second)))
    threads[1].start()
    going.set()
    for thread in threads:
        thread.join()
    assert told == ["first begins", "first ends", "second"]


def test_what_is_not_committed_is_not_done(database: Database) -> None:
    def make(connection: sa.Connection) -> int:
        connection.exec_driver_sql("CREATE TABLE never_committed (id INTEGER)")
        return 5

    assert with_connection(database, make) == 5

    def look(connection: sa.Connection) -> bool:
        return bool(sa.inspect(connection).has_table("never_committed"))

    there = with_connection(database, look)
    assert there is (database.dialect.name == "mariadb")  # which has no transactions for tables
    if there:
        database.driver.change("DROP TABLE never_committed", ())
        database.driver.close()


def test_a_database_in_memory_has_no_migrations() -> None:
    with pytest.raises(MigrationError) as caught:
        with_connection(Database("default", "sqlite://"), lambda connection: None)
    assert str(caught.value) == (
        "the database 'default' is in memory and ends with the process. Migrations need a database that stays; here, "
        "db.create_all() is enough."
    )
