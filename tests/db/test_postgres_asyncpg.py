"""PostgreSQL: what its driver does that no other does."""

import threading
from collections.abc import Callable
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
import sqlalchemy as sa

from spruce import db, events, green
from spruce.db.databases import Database, current
from spruce.errors import (
    ConfigError,
    DatabaseError,
    DataError,
    DeadlockDetected,
    IntegrityError,
    LockNotAvailable,
    OperationalError,
    SerializationFailure,
    TransactionError,
)

BACKENDS = ["postgresql"]


def add(url: str, options: str) -> str:
    return f"{url}{'&' if '?' in url else '?'}{options}"


def test_numbers_that_are_too_large_are_compared(stocked: SimpleNamespace) -> None:
    """With all that is stored they are larger, or smaller; amounts are not rounded first."""
    products = stocked.Product.objects
    assert products.filter(stock__lt=10**30, stock__gt=-(10**30)).count() == 3
    assert products.filter(stock=2**40).count() == 0
    assert products.filter(price__gt=Decimal("19.8999999")).filter(price__lt=Decimal("19.9000001")).count() == 1
    assert products.filter(price__lt=Decimal(10) ** 40, stock__gt=4.5).count() == 2
    with db.atomic():
        assert products.filter(stock__lt=10**30).count() == 3


def test_errors_have_names(stocked: SimpleNamespace) -> None:
    """Those of the constraint, the table and the columns."""
    with pytest.raises(IntegrityError) as same:
        stocked.Category.objects.create(name="toys")
    assert str(same.value) == (
        "t_category.name must be unique, and another row has the same value (Key (name)=(toys) already exists.)"
    )
    assert (same.value.constraint, same.value.table, same.value.columns) == (
        "t_category_name_key",
        "t_category",
        ("name",),
    )
    with pytest.raises(IntegrityError) as nowhere:
        stocked.Product.objects.create(name="x", price=1, category_id=99)
    assert str(nowhere.value) == (
        'a row would point to one that does not exist (Key (category_id)=(99) is not present in table "t_category".). '
        "Save what it points to first, and delete what points to a row before the row."
    )
    with pytest.raises(IntegrityError, match=r"^t_maker\.name must not be null"):
        db.execute("UPDATE t_maker SET name = NULL")


@pytest.mark.parametrize(
    ("sql", "kind", "text"),
    [
        ("SELEC 1", OperationalError, 'syntax error at or near "SELEC" (database'),
        ("SELECT * FROM nothing", OperationalError, "the table 'nothing' does not exist in the database 'default' ("),
        ("SELECT nothing FROM t_maker", OperationalError, "the database 'default' ("),
        ("SELECT 1 / 0", DataError, "division by zero (database 'default', in: SELECT 1 / 0)"),
        ("SELECT pg_no_function()", DatabaseError, "function pg_no_function() does not exist"),
    ],
)
def test_wrong_statements(shop: SimpleNamespace, sql: str, kind: type[Exception], text: str) -> None:
    """Their errors are ours."""
    with pytest.raises(kind) as refused:
        db.execute(sql)
    assert str(refused.value).startswith(text)


def test_a_failed_statement_ends_the_transaction(shop: SimpleNamespace) -> None:
    """Unless it has a block of its own; the errors say so, also the one at the end."""
    hint = "Put what may fail into a `with db.atomic():` of its own, which is undone alone."

    def go_on() -> None:
        with pytest.raises(OperationalError):
            db.execute("SELECT * FROM nothing")
        shop.Maker.objects.count()

    with pytest.raises(TransactionError) as refused:
        db.atomic(go_on)()
    assert str(refused.value).startswith("an earlier statement of this transaction failed: ")
    assert str(refused.value).endswith(hint)
    with pytest.raises(TransactionError) as late, db.atomic(), pytest.raises(OperationalError):
        db.execute("SELECT * FROM nothing")
    assert str(late.value) == (
        f"the transaction on 'default' was rolled back at its end, as a statement in it had failed. {hint}"
    )
    with db.atomic():
        with pytest.raises(OperationalError), db.atomic():
            db.execute("SELECT * FROM nothing")
        shop.Maker.objects.create(name="kept")
    assert shop.Maker.objects.get().name == "kept"


def test_isolation_levels(shop: SimpleNamespace) -> None:
    """Of the outermost block."""
    with db.atomic(isolation="repeatable_read"):
        assert db.execute("SHOW transaction_isolation").scalar() == "repeatable read"
        with pytest.raises(TransactionError) as inside, db.atomic(isolation="serializable"):
            pass
    assert str(inside.value) == (
        "isolation='serializable' is for the outermost block: there is a transaction open on 'default'. "
        "Leave it out here, or give it to the outer one."
    )
    with pytest.raises(TransactionError) as unknown, db.atomic(isolation="serialisable"):
        pass
    assert str(unknown.value) == (
        "there is no isolation level 'serialisable'; did you mean 'serializable'? "
        "Levels: read uncommitted, read committed, repeatable read, serializable."
    )


def together(*calls: Callable[[], Any]) -> list[Any]:
    """Run calls at once in green threads; their results or exceptions."""
    found: list[Any] = [None] * len(calls)

    def run(number: int) -> None:
        try:
            found[number] = calls[number]()
        except DatabaseError as error:
            found[number] = error

    def main() -> None:
        for thread in [green.spawn(run, number) for number in range(len(calls))]:
            thread.wait()

    green.run(main)
    return found


def test_transactions_that_cannot_be_ordered_are_run_again(stocked: SimpleNamespace) -> None:
    """With retry; without it one of them gets an error that says so."""
    products = stocked.Product.objects
    read: list[int] = []

    def grow() -> None:
        total = sum(products.exclude(stock=None).values_list("stock", flat=True))
        read.append(total)
        while len(read) < 2:
            green.sleep(0)
        products.create(name="sum", price=1, stock=total)

    errors = together(db.atomic(isolation="serializable")(grow), db.atomic(isolation="serializable")(grow))
    refused = [error for error in errors if error is not None]
    assert [type(error) for error in refused] == [SerializationFailure]
    assert str(refused[0]).endswith("Run it again: @db.atomic(retry=3) does so.")
    patient = db.atomic(isolation="serializable", retry=20)(grow)
    assert together(patient, patient, patient) == [None] * 3
    assert list(products.filter(name="sum").order_by("pk").values_list("stock", flat=True)) == [12, 24, 48, 96]


def test_retry_is_for_the_outermost_block(shop: SimpleNamespace) -> None:
    """Of a function."""
    with pytest.raises(TransactionError) as refused, db.atomic(retry=3):
        pass
    assert str(refused.value) == (
        "atomic(retry=3) cannot run the block of a `with` again. Put the block into a function, and decorate that."
    )
    calls: list[int] = []

    @db.atomic(retry=2)
    def fail() -> None:
        calls.append(1)
        raise DeadlockDetected("on purpose")

    with pytest.raises(DeadlockDetected):
        fail()
    assert len(calls) == 3
    with pytest.raises(DeadlockDetected), db.atomic():
        fail()
    assert len(calls) == 4


def test_a_deadlock_is_told(stocked: SimpleNamespace) -> None:
    """To one of the two."""
    db.execute("ALTER SYSTEM SET deadlock_timeout = '20ms'")
    db.execute("SELECT pg_reload_conf()")
    makers, locked = stocked.Maker.objects, list[str]()

    def lock(one: str, other: str) -> None:
        with db.atomic():
            makers.filter(name=one).update(country="XX")
            locked.append(one)
            while len(locked) < 2:
                green.sleep(0)
            makers.filter(name=other).update(country="XX")

    found = together(lambda: lock("Steiff", "Nobody"), lambda: lock("Nobody", "Steiff"))
    assert [type(error) for error in found if error is not None] == [DeadlockDetected]


def test_rows_are_locked(stocked: SimpleNamespace) -> None:
    """For others to wait, to be told, or to pass by."""
    makers = stocked.Maker.objects
    seen: list[Any] = []

    def other() -> None:
        with db.atomic():
            seen.append([maker.name for maker in makers.select_for_update(skip_locked=True)])
            makers.select_for_update(nowait=True).get(name="Steiff")

    def main() -> None:
        with db.atomic():
            makers.select_for_update().get(name="Steiff")
            with pytest.raises(LockNotAvailable) as refused:
                green.spawn(other).wait()
        assert str(refused.value).startswith("another transaction has the rows locked (")

    green.run(main)
    assert seen == [["Nobody"]]


def test_two_that_get_or_create_get_one_row(shop: SimpleNamespace) -> None:
    """Whoever is second."""
    found = together(*[lambda: shop.Category.objects.get_or_create(name="toys")] * 5)
    assert sorted(new for _, new in found) == [False] * 4 + [True]
    assert len({category.pk for category, _ in found}) == 1


def test_a_child_runs_on_a_connection_of_its_own(shop: SimpleNamespace) -> None:
    """And sees nothing of what its parent has not committed."""
    seen: list[int] = []

    def main() -> None:
        with db.atomic():
            shop.Maker.objects.create(name="a")
            green.spawn(lambda: seen.append(shop.Maker.objects.count())).wait()
            seen.append(shop.Maker.objects.count())

    green.run(main)
    assert seen == [0, 1]


def test_os_threads_share_the_pool_of_the_background_hub(stocked: SimpleNamespace) -> None:
    """Each may have a transaction, which is rolled back when it is left by an exception."""
    seen: list[Any] = []

    def work(number: int) -> None:
        with db.atomic():
            stocked.Maker.objects.create(name=f"thread {number}")
            seen.append(stocked.Maker.objects.filter(name__startswith="thread").count())
        try:
            with db.atomic():
                stocked.Maker.objects.all().delete()
        except IntegrityError:
            seen.append("protected")

    threads = [threading.Thread(target=work, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
        thread.join()
    assert seen == [1, "protected", 2, "protected", 3, "protected"]
    assert db.stats()["default"]["connections"] == 2


def test_rows_are_streamed(stocked: SimpleNamespace) -> None:
    """By a cursor of the server's, inside of a transaction and outside."""
    rows = [("bear", 1), ("熊猫公仔", 2), ("car", 3), ("box", 4)]
    driver = current()["default"].driver
    sql = "SELECT name, id FROM t_product WHERE id < $1::BIGINT ORDER BY id"
    assert [[tuple(row) for row in part] for part in driver.stream(sql, (9,), 3)] == [rows[:3], rows[3:]]
    with db.atomic():
        stocked.Product.objects.filter(pk=4).delete()
        stream = db.transactions.connection(current()["default"]).stream(sql, (9,), 2)
        assert [tuple(row) for row in next(stream)] == rows[:2]
        assert stocked.Product.objects.count() == 3
        assert [tuple(row) for row in next(stream)] == rows[2:3]
    assert driver.stats()["connections"] == driver.stats()["free"] == 1


def test_without_prepared_statements(stocked: SimpleNamespace, database_url: str) -> None:
    """As behind PgBouncer."""
    db.configure(DATABASES=add(database_url, "prepared=no"))
    makers = stocked.Maker.objects
    assert makers.filter(name="Steiff").update(country="XX") == 1
    assert [maker.pk for maker in makers.bulk_create([stocked.Maker(name="a"), stocked.Maker(name="b")])] == [3, 4]
    assert makers.get(country="XX").name == "Steiff"
    with db.atomic():
        assert len(list(db.transactions.connection(current()["default"]).stream("SELECT 1", (), 1))) == 1
    assert db.execute("SELECT count(*) FROM pg_prepared_statements").scalar() == 0


def test_tables_that_change_under_a_prepared_statement(stocked: SimpleNamespace) -> None:
    """It is prepared anew."""
    sql = "SELECT * FROM t_maker ORDER BY id"
    assert len(db.execute(sql).all()[0]) == 3
    db.execute("ALTER TABLE t_maker ADD COLUMN more INTEGER")
    assert len(db.execute(sql).all()[0]) == 4


def test_a_query_that_is_interrupted(stocked: SimpleNamespace) -> None:
    """Is cancelled in the server, and its connection used again."""

    def main() -> None:
        assert stocked.Maker.objects.count() == 2
        opened, driver = db.stats()["default"]["opened"], current()["default"].driver
        with green.Timeout(0.05, False):
            db.execute("SELECT pg_sleep(60)")
        while not driver.pool().free:
            green.sleep(0)
        with green.Timeout(0.05, False), db.atomic():
            stocked.Maker.objects.create(name="undone")
            db.execute("SELECT pg_sleep(60)")
        assert stocked.Maker.objects.count() == 2
        assert db.stats()["default"]["opened"] == opened

    green.run(main)


def test_many_green_threads_share_few_connections(stocked: SimpleNamespace, database_url: str) -> None:
    """Nothing is lost, and each gets its answer."""
    db.configure(DATABASES=add(database_url, "pool_size=3"))
    maker = sa.select(stocked.Maker.name).where(stocked.Maker.id == 1)
    found: list[Any] = []
    driver: Any = current()["default"].driver

    def ask(number: int) -> None:
        with db.atomic():
            stocked.Maker.objects.create(name=str(number))
        found.append((number, db.execute(maker).scalar()))

    def main() -> None:
        for thread in [green.spawn(ask, number) for number in range(100)]:
            thread.wait()
        assert driver.pool().stats()["connections"] == 3

    green.run(main)
    assert sorted(found) == [(number, "Steiff") for number in range(100)]
    assert stocked.Maker.objects.count() == 102


def test_the_session_speaks_utc(stocked: SimpleNamespace) -> None:
    """Moments come back aware, and parts of them are in UTC."""
    assert db.execute("SHOW timezone").scalar() == "UTC"
    assert stocked.Product.objects.get(pk=1).moment.isoformat() == "2024-01-31T23:30:00+00:00"
    parts = stocked.Product.objects.filter(moment__day=31).values_list("moment__hour", flat=True)
    assert [(type(part), part) for part in parts] == [(int, 23)]


def test_a_closed_database_can_be_used_again(stocked: SimpleNamespace) -> None:
    """Its driver opens a new pool."""
    current().close()
    assert stocked.Maker.objects.count() == 2


@pytest.mark.sqlite
@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("pool_siz=3", "has the option 'pool_siz', which is unknown; did you mean 'pool_size'? Spruce's own: "
         "pool_size, pool_timeout, pool_recycle, pool_check, prepared, connect_timeout."),
        ("pool_size=0", "pool_size is a number above 0, not '0'"),
        ("pool_timeout=long", "pool_timeout is a number above 0, not 'long'"),
        ("prepared=maybe", "prepared is yes or no, not 'maybe'"),
    ],
)  # fmt: skip
def test_options_that_cannot_be_used(options: str, message: str) -> None:
    """Are refused with the URL, without its password."""
    with pytest.raises(ConfigError) as refused:
        Database("default", f"postgresql://me:secret@localhost/shop?{options}")
    shown = f"postgresql://me:***@localhost/shop?{options}"
    assert str(refused.value) in (f"{shown} {message}", f"{shown}: {message}")


def test_other_options_are_the_servers(shop: SimpleNamespace, database_url: str) -> None:
    """It is the server that knows them."""
    db.configure(DATABASES=add(database_url, "statement_timeout=20ms&work_mem=1MB"))
    assert db.execute("SHOW work_mem").scalar() == "1MB"
    with pytest.raises(OperationalError) as stopped:
        db.execute("SELECT pg_sleep(60)")
    assert str(stopped.value).endswith("canceling statement due to statement timeout")


def test_a_server_that_is_not_there(shop: SimpleNamespace, free_port: int) -> None:
    """Is told at once when it never was there."""
    db.configure(DATABASES=f"postgresql://me@127.0.0.1:{free_port}/shop")
    with pytest.raises(OperationalError) as refused:
        shop.Maker.objects.count()
    assert str(refused.value).startswith("the connection to the database 'default' (127.0.0.1/shop) failed: ")
    assert str(refused.value).endswith("Is the server running, and does the URL name its host and port?")
    assert db.stats()["default"]["connections"] == 0


def test_a_database_that_is_not_there(shop: SimpleNamespace, database_url: str) -> None:
    """Says how to make it."""
    db.configure(DATABASES=database_url.replace("/shop", "/shopp"))
    with pytest.raises(OperationalError) as refused:
        shop.Maker.objects.count()
    assert str(refused.value).endswith('database "shopp" does not exist. Make it with the command createdb.')


def test_every_statement_is_an_event(stocked: SimpleNamespace) -> None:
    """With its parameters as they are sent."""
    seen: list[Any] = []
    leave = events.db_query.subscribe(seen.append)
    stocked.Product.objects.filter(price__gt=5).count()
    stocked.Maker.objects.bulk_create([stocked.Maker(name="a"), stocked.Maker(name="b")])
    leave()
    assert [(event["parameters"], event["rows"]) for event in seen] == [
        ((Decimal(5),), 1),
        ([("a", None), ("b", None)], 2),
    ]
