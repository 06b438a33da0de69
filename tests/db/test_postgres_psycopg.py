"""PostgreSQL by psycopg: what its driver does that no other does."""

import datetime as dt
import uuid
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest

from spruce import db, green
from spruce.db import postgres
from spruce.db.databases import Database, current
from spruce.db.migrating import with_connection
from spruce.errors import ConfigError, ConnectionLost, DataError, IntegrityError, OperationalError, TransactionError

BACKENDS = ["psycopg"]
pytestmark = pytest.mark.filterwarnings("error")


class Everything(db.Model):
    text = db.TextField()
    moment = db.DateTimeField()
    clock = db.TimeField()
    day = db.DateField()
    span = db.DurationField()
    data = db.JSONField()
    key = db.UUIDField()
    body = db.BinaryField()
    amount = db.DecimalField(max_digits=30, decimal_places=10)
    ratio = db.FloatField()
    truth = db.BooleanField()

    class Meta:
        db_table = "t_psycopg_everything"


PRIVATE = [db.registry.models.pop(Everything._meta.db_table)]  # SQLite has no numbers of so many digits


def test_values_come_back_as_they_were(shop: SimpleNamespace) -> None:
    """Of every kind, and moments in UTC."""
    values = {
        "text": "ü'\\\n$1 %s",
        "moment": dt.datetime(2024, 2, 29, 23, 59, 59, 999999, tzinfo=dt.UTC),
        "clock": dt.time(1, 2, 3, 4),
        "day": dt.date(1, 1, 1),
        "span": dt.timedelta(days=-400, microseconds=1),
        "data": {"a": [1, None, "x"]},
        "key": uuid.uuid4(),
        "body": bytes(range(256)),
        "amount": Decimal("12345678901234567890.0123456789"),
        "ratio": 0.1,
        "truth": True,
    }
    made = Everything.objects.create(**values)
    found = Everything.objects.get(pk=made.pk)
    assert {name: getattr(found, name) for name in values} == values
    assert found.moment.tzinfo is dt.UTC
    assert Everything.objects.filter(**{name: value for name, value in values.items() if name != "data"}).count() == 1
    assert Everything.objects.filter(data__a__0=1, data__contains={"a": ["x"]}).count() == 1


def test_numbers_that_are_too_large_are_compared(stocked: SimpleNamespace) -> None:
    """Inside of a transaction, too, which goes on."""
    with db.atomic():
        assert stocked.Product.objects.filter(stock__lt=10**30, stock__gt=-(10**30)).count() == 3
        assert stocked.Product.objects.filter(stock=2**40).count() == 0


def test_errors_have_names(stocked: SimpleNamespace) -> None:
    """The same as by the other driver."""
    with pytest.raises(IntegrityError) as same:
        stocked.Category.objects.create(name="toys")
    assert str(same.value) == (
        "t_category.name must be unique, and another row has the same value (Key (name)=(toys) already exists.)"
    )
    assert (same.value.constraint, same.value.columns) == ("t_category_name_key", ("name",))
    with pytest.raises(DataError, match=r"^division by zero \(database 'default', in: SELECT 1 / 0\)$"):
        db.execute("SELECT 1 / 0")
    with pytest.raises(DataError, match="a text is no valid Unicode"):
        stocked.Maker.objects.create(name="\ud800")
    with pytest.raises(OperationalError, match="the table 'nothing' does not exist"):
        db.execute("SELECT * FROM nothing")


def test_a_failed_statement_ends_the_transaction(shop: SimpleNamespace) -> None:
    """And the commit says so."""
    with pytest.raises(TransactionError, match="was rolled back at its end"), db.atomic(), pytest.raises(DataError):
        db.execute("SELECT 1 / 0")


def test_statements_are_prepared(stocked: SimpleNamespace, database_url: str) -> None:
    """Unless the URL says no; tables may change under them."""
    prepared = "SELECT COUNT(*) FROM pg_prepared_statements"
    assert db.execute(prepared).scalar() > 0
    sql = "SELECT * FROM t_maker ORDER BY id"
    assert len(db.execute(sql).all()[0]) == 3
    db.execute("ALTER TABLE t_maker ADD COLUMN more INTEGER")
    assert len(db.execute(sql).all()[0]) == 4
    db.configure(DATABASES=f"{database_url}&prepared=no&work_mem=1MB&application_name=my shop")
    assert stocked.Maker.objects.count() == 2
    assert db.execute(prepared).scalar() == 0
    assert db.execute("SELECT current_setting('work_mem') || current_setting('application_name')").scalar() == (
        "1MBmy shop"
    )


def test_a_query_that_is_interrupted(stocked: SimpleNamespace) -> None:
    """Is cancelled in the server, and nothing of its transaction stays."""

    def main() -> None:
        with green.Timeout(0.05, False), db.atomic():
            stocked.Maker.objects.create(name="undone")
            db.execute("SELECT pg_sleep(60)")
        assert stocked.Maker.objects.count() == 2
        running = "SELECT COUNT(*) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep%' AND state = 'active'"
        while db.execute(running).scalar():
            green.sleep(0.01)

    green.run(main)


def test_lost_connections(stocked: SimpleNamespace) -> None:
    """Reads are run again, transactions tell that they were undone."""
    others = "pid <> pg_backend_pid() AND datname = 'shop'"
    end = f"SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE {others}"
    other = Database("other", str(current()["default"].url.render_as_string(hide_password=False)))
    assert stocked.Maker.objects.count() == 2
    other.driver.rows(end, ())
    assert stocked.Maker.objects.count() == 2

    @db.atomic
    def change() -> None:
        stocked.Maker.objects.create(name="undone")
        other.driver.rows(end, ())
        stocked.Maker.objects.count()

    with pytest.raises(ConnectionLost) as lost:
        change()
    assert str(lost.value).endswith("The transaction was not committed: nothing of it was done.")
    other.driver.close()


def test_migrations_run_on_it(shop: SimpleNamespace) -> None:
    """On a connection of its own."""
    assert (
        with_connection(current()["default"], lambda connection: connection.exec_driver_sql("SELECT 1").scalar()) == 1
    )


def test_what_needs_the_other_driver(shop: SimpleNamespace) -> None:
    """Says so."""
    with pytest.raises(ConfigError, match="COPY needs PostgreSQL by asyncpg"):
        postgres.copy_from(shop.Maker, [])


def test_a_server_that_is_not_there(shop: SimpleNamespace, free_port: int) -> None:
    """Is told at once when it never was there."""
    db.configure(DATABASES=f"postgresql+psycopg://me@127.0.0.1:{free_port}/shop")
    with pytest.raises(OperationalError, match="the connection to the database 'default'") as refused:
        shop.Maker.objects.count()
    found: Any = refused.value
    assert found.code == 503
