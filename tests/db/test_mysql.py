"""MariaDB: what its driver does that no other does; and the same server, spoken to as a MySQL."""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest

from spruce import db, green
from spruce.db.databases import Database, current
from spruce.errors import (
    ConfigError,
    ConnectionLost,
    DatabaseError,
    DataError,
    DeadlockDetected,
    IntegrityError,
    LockNotAvailable,
    LockWaitTimeout,
    ModelError,
    OperationalError,
    TransactionError,
)

BACKENDS = ["mariadb"]


class Room(db.Model):
    name = db.CharField(max_length=20, unique=True)
    seats = db.IntegerField(default=1)
    opened = db.DateTimeField(null=True, db_default=db.Now())
    double = db.GeneratedField(expression=db.F("seats") * 2, output_field=db.IntegerField(), db_persist=True)

    class Meta:
        db_table = "t_my_room"
        constraints = (db.CheckConstraint(condition=db.Q(seats__gte=0), name="seats_are_counted"),)


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


def test_values_come_back_as_they_were(shop: SimpleNamespace) -> None:
    """Texts of all letters, amounts to the last digit, moments to the microsecond and in UTC."""
    moment = datetime(2024, 2, 29, 23, 59, 59, 999999, tzinfo=UTC)
    made = shop.Product.objects.create(
        name="🐻 ü'\\\"%?", price=Decimal("123456.78"), moment=moment, weight=0.1, note="x" * 70000
    )
    found = shop.Product.objects.get(pk=made.pk)
    assert (found.name, found.price, found.moment, found.weight) == (made.name, made.price, moment, 0.1)
    assert (found.moment.tzinfo, len(found.note), found.active) == (UTC, 70000, True)


def test_texts_are_compared_letter_by_letter(shop: SimpleNamespace) -> None:
    """As on the other databases: case, accents and spaces at the end count."""
    for name in ("a", "A", "ä", "a "):
        Room.objects.create(name=name)
    assert [Room.objects.filter(name=name).count() for name in ("a", "A", "ä", "a ", "Ä")] == [1, 1, 1, 1, 0]
    assert Room.objects.filter(name__iexact="a").count() == 2
    assert Room.objects.filter(name__contains="A").count() == 1


def test_values_that_do_not_fit_are_refused(shop: SimpleNamespace) -> None:
    """And never changed to some that do."""
    with pytest.raises(DataError, match="Out of range value for column 'seats'"):
        db.execute("INSERT INTO t_my_room (name, seats) VALUES ('a', 99999999999)")
    with pytest.raises(DataError, match="Data too long for column 'name'"):
        db.execute("INSERT INTO t_my_room (name, seats) VALUES ('aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', 1)")
    assert Room.objects.create(name="none", id=0).pk == 0


def test_numbers_that_are_too_large_are_compared(stocked: SimpleNamespace) -> None:
    """With all that is stored they are larger, or smaller; amounts are not rounded first."""
    products = stocked.Product.objects
    assert products.filter(stock__lt=10**30, stock__gt=-(10**30)).count() == 3
    assert products.filter(price__gt=Decimal("19.8999999")).filter(price__lt=Decimal("19.9000001")).count() == 1
    with db.atomic():
        assert products.filter(stock__lt=10**30).count() == 3


def test_errors_have_names(stocked: SimpleNamespace) -> None:
    """Those of the constraint, the table and the columns."""
    Room.objects.create(name="a")
    with pytest.raises(IntegrityError) as same:
        Room.objects.create(name="a")
    assert str(same.value) == (
        "t_my_room.name must be unique, and another row has the same value "
        "(Duplicate entry 'a' for key 't_my_room_name_key')"
    )
    assert (same.value.constraint, same.value.table, same.value.columns) == (
        "t_my_room_name_key",
        "t_my_room",
        ("name",),
    )
    with pytest.raises(IntegrityError) as nowhere:
        stocked.Product.objects.create(name="x", price=1, category_id=99)
    assert (nowhere.value.constraint, nowhere.value.table, nowhere.value.columns) == (
        "t_product_category_id_fkey",
        "t_product",
        ("category_id",),
    )
    assert str(nowhere.value).startswith("a row would point to one that does not exist (Cannot add or update a child")
    with pytest.raises(IntegrityError, match=r"^t_maker\.name must not be null \(Column 'name' cannot be null\)"):
        db.execute("UPDATE t_maker SET name = NULL")
    with pytest.raises(IntegrityError) as check:
        Room.objects.create(name="b", seats=-1)
    assert (check.value.constraint, check.value.table) == ("seats_are_counted", "t_my_room")


@pytest.mark.parametrize(
    ("sql", "kind", "text"),
    [
        ("SELEC 1", OperationalError, "You have an error in your SQL syntax; "),
        ("SELECT * FROM nothing", OperationalError, "the table 'nothing' does not exist in the database 'default' ("),
        ("SELECT nothing FROM t_maker", OperationalError, "the database 'default' ("),
        ("SELECT no_function()", DatabaseError, "FUNCTION shop.no_function does not exist"),
    ],
)
def test_wrong_statements(shop: SimpleNamespace, sql: str, kind: type[Exception], text: str) -> None:
    """Their errors are ours."""
    with pytest.raises(kind) as refused:
        db.execute(sql)
    assert str(refused.value).startswith(text)


def test_a_deadlock_undoes_the_whole_transaction(stocked: SimpleNamespace) -> None:
    """What follows in it is refused, as it would be committed on its own; with retry it is done again."""
    makers, locked = stocked.Maker.objects, list[str]()

    def lock(one: str, other: str) -> None:
        makers.filter(name=one).update(country="XX")
        locked.append(one)
        while len(locked) < 2:
            green.sleep(0)
        makers.filter(name=other).update(country="YY")

    def stubborn(one: str, other: str) -> None:
        with db.atomic():
            try:
                lock(one, other)
            except DeadlockDetected:
                makers.create(name="never")

    found = together(lambda: stubborn("Steiff", "Nobody"), lambda: stubborn("Nobody", "Steiff"))
    assert [type(error) for error in found if error is not None] == [TransactionError]
    assert not makers.filter(name="never").exists()
    locked.clear()
    patient = db.atomic(retry=5)(lock)
    assert together(lambda: patient("Steiff", "Nobody"), lambda: patient("Nobody", "Steiff")) == [None, None]


def test_rows_are_locked(stocked: SimpleNamespace, database_url: str) -> None:
    """For others to wait, to be told, or to pass by; a wait that takes too long is run again by retry."""
    db.configure(DATABASES=f"{database_url}&innodb_lock_wait_timeout=1")
    makers = stocked.Maker.objects
    seen: list[Any] = []

    def other() -> None:
        with db.atomic():
            seen.append([maker.name for maker in makers.select_for_update(skip_locked=True)])
            with pytest.raises(LockNotAvailable) as refused:
                makers.select_for_update(nowait=True).get(name="Steiff")
            seen.append(isinstance(refused.value, LockWaitTimeout))

    calls: list[int] = []

    @db.atomic(retry=1)
    def waiting() -> None:
        calls.append(1)
        makers.filter(name="Steiff").update(country="XX")

    def main() -> None:
        with db.atomic():
            makers.select_for_update().get(name="Steiff")
            green.spawn(other).wait()
            with pytest.raises(LockWaitTimeout) as slow:
                green.spawn(waiting).wait()
        assert str(slow.value).startswith("another transaction kept rows locked for too long (Lock wait timeout")

    green.run(main)
    assert (seen, len(calls)) == ([["Nobody"], False], 2)


def test_isolation_levels(shop: SimpleNamespace) -> None:
    """READ COMMITTED unless told otherwise, as on PostgreSQL."""
    level = "SELECT @@session.tx_isolation"
    assert db.execute(level).scalar() == "READ-COMMITTED"
    with db.atomic(isolation="repeatable_read"):
        assert shop.Maker.objects.count() == 0
        green.run(lambda: green.spawn(lambda: shop.Maker.objects.create(name="new")).wait())
        assert shop.Maker.objects.count() == 0
    assert shop.Maker.objects.count() == 1


def test_rows_are_streamed(stocked: SimpleNamespace) -> None:
    """Outside of a transaction as they come, inside of one from memory, since other statements may come between."""
    driver: Any = current()["default"].driver
    sql = "SELECT name, id FROM t_product WHERE id < ? ORDER BY id"
    rows = [("bear", 1), ("熊猫公仔", 2), ("car", 3), ("box", 4)]
    assert [[tuple(row) for row in part] for part in driver.stream(sql, (9,), 3)] == [rows[:3], rows[3:]]
    with db.atomic():
        stream = db.transactions.connection(current()["default"]).stream(sql, (9,), 2)
        assert [tuple(row) for row in next(stream)] == rows[:2]
        assert stocked.Product.objects.count() == 4
        assert [tuple(row) for row in next(stream)] == rows[2:]
    assert driver.stats()["connections"] == driver.stats()["free"] == 1


def test_a_query_that_is_interrupted_is_stopped(stocked: SimpleNamespace) -> None:
    """In the server too, by another connection; a transaction is undone."""
    running = "SELECT COUNT(*) FROM information_schema.processlist WHERE info LIKE 'SELECT SLEEP%'"

    def main() -> None:
        with green.Timeout(0.05, False), db.atomic():
            stocked.Maker.objects.create(name="undone")
            db.execute("SELECT SLEEP(60)")
        while db.execute(running).scalar():
            green.sleep(0.01)
        assert stocked.Maker.objects.count() == 2

    green.run(main)


def test_lost_connections(stocked: SimpleNamespace) -> None:
    """Reads are run again on a new one; writes and transactions tell that they failed."""
    makers = stocked.Maker.objects

    def end() -> None:
        other = Database("other", str(current()["default"].url.render_as_string(hide_password=False))).driver
        mine = "SELECT id FROM information_schema.processlist WHERE id != CONNECTION_ID() AND db = 'shop'"
        for (number,) in other.rows(mine, ()):
            other.change(f"KILL {number}", ())
        other.close()

    assert makers.count() == 2
    end()
    assert makers.count() == 2

    @db.atomic
    def change() -> None:
        makers.create(name="undone")
        end()
        makers.count()

    with pytest.raises(ConnectionLost) as lost:
        change()
    assert str(lost.value).endswith("The transaction was not committed: nothing of it was done.")
    assert makers.count() == 2
    end()
    with pytest.raises(ConnectionLost, match="It is not known whether the statement was done"):
        makers.update(country="XX")
    assert makers.filter(country="XX").count() == 0


def test_many_rows_get_their_keys(shop: SimpleNamespace) -> None:
    """By few statements of many rows each; with what the database computes."""
    makers = shop.Maker.objects.bulk_create([shop.Maker(name=str(number)) for number in range(300)])
    assert [maker.pk for maker in makers] == list(range(1, 301))
    assert shop.Maker.objects.get(pk=300).name == "299"
    rooms = Room.objects.bulk_create([Room(name=str(number), seats=number) for number in range(5)])
    assert [room.double for room in rooms] == [0, 2, 4, 6, 8]


@pytest.mark.parametrize("prepared", ["yes", "no"])
def test_the_plainer_words_of_mysql(stocked: SimpleNamespace, database_url: str, prepared: str) -> None:
    """Without RETURNING; what the database gives is read again."""
    url = database_url.replace("mariadb://", "mysql://")
    db.configure(DATABASES=f"{url}&collation=utf8mb4_bin&prepared={prepared}")
    db.create_all(models=[Room])
    room = Room.objects.create(name="a", seats=3)
    assert (room.double, room.opened.tzinfo) == (6, UTC)
    room.seats = 4
    room.save()
    assert room.double == 8
    rooms = Room.objects.bulk_create([Room(name=str(number), seats=number) for number in range(3)])
    assert [(each.pk, each.double) for each in rooms] == [(2, 0), (3, 2), (4, 4)]
    again = [Room(name="1", seats=7), Room(name="new")]
    Room.objects.bulk_create(again, update_conflicts=True, update_fields=["seats"], unique_fields=["name"])
    assert Room.objects.get(name="1").double == 14
    assert stocked.Maker.objects.filter(name__in=["Steiff"]).update(country="XX") == 1
    assert stocked.Maker.objects.select_for_update().count() == 2


def test_tables_that_change_under_a_prepared_statement(stocked: SimpleNamespace) -> None:
    """It gives the new columns, too."""
    sql = "SELECT * FROM t_maker ORDER BY id"
    assert len(db.execute(sql).all()[0]) == 3
    db.execute("ALTER TABLE t_maker ADD COLUMN more INTEGER DEFAULT 7")
    assert db.execute(sql).all()[0][-1] == 7


def test_what_cannot_be_prepared(shop: SimpleNamespace) -> None:
    """Is run as it is."""
    assert db.execute("SHOW ENGINES").all()
    assert [tuple(row) for row in db.execute("EXPLAIN SELECT 1").all()]


class Desk(db.Model):
    code = db.CharField(max_length=5)
    free = db.BooleanField(default=False)

    class Meta:
        db_table = "t_my_desk"
        indexes = (db.Index(db.Lower("code"), name="desk_lower"),)
        constraints = (db.UniqueConstraint(fields=["code"], condition=db.Q(free=False), name="one_code"),)


def test_constraints_of_some_rows(shop: SimpleNamespace) -> None:
    """Hold, by a column that nobody sees; an index of expressions, which only makes queries faster, is left out."""
    db.create_all(models=[Desk])
    Desk.objects.create(code="a", free=True)
    Desk.objects.create(code="a", free=True)
    first = Desk.objects.create(code="a")
    with pytest.raises(IntegrityError) as refused:
        Desk.objects.create(code="a")
    assert (refused.value.constraint, refused.value.columns) == ("one_code", ("code",))
    first.free = True
    first.save()
    Desk.objects.create(code="a")
    assert len(db.execute("SELECT * FROM t_my_desk").all()[0]) == 3
    assert db.execute("SHOW INDEX FROM t_my_desk WHERE Key_name = 'desk_lower'").all() == []


def test_constraints_of_expressions(shop: SimpleNamespace) -> None:
    """Are refused, not left out."""

    class Seat(db.Model):
        code = db.CharField(max_length=5)

        class Meta:
            db_table = "t_my_seat"
            constraints = (db.UniqueConstraint(db.Lower("code"), name="one_seat"),)

    db.registry.models.pop("t_my_seat")
    with pytest.raises(ModelError) as refused:
        db.create_all(models=[Seat])
    assert str(refused.value) == (
        "the constraint 'one_seat' cannot be held by MariaDB, which has no unique indexes of expressions. "
        "Make it of a GeneratedField."
    )
    db.registry.metadata.remove(Seat.__table__)


@pytest.mark.sqlite
@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("pool_siz=3", "has the option 'pool_siz', which is unknown; did you mean 'pool_size'? Spruce's own: "
         "pool_size, pool_timeout, pool_recycle, pool_check, prepared, connect_timeout."),
        ("ssl_mode=maybe", "ssl_mode is disabled, required, verify_ca or verify_identity, not 'maybe'"),
    ],
)  # fmt: skip
def test_options_that_cannot_be_used(options: str, message: str) -> None:
    """Are refused with the URL, without its password."""
    with pytest.raises(ConfigError) as refused:
        Database("default", f"mariadb://me:secret@localhost/shop?{options}")
    shown = f"mariadb://me:***@localhost/shop?{options}"
    assert str(refused.value) in (f"{shown} {message}", f"{shown}: {message}")


def test_a_server_that_is_not_there(shop: SimpleNamespace, free_port: int) -> None:
    """Is told at once when it never was there; a database that is not there, too."""
    db.configure(DATABASES=f"mariadb://me@127.0.0.1:{free_port}/shop")
    with pytest.raises(OperationalError) as refused:
        shop.Maker.objects.count()
    assert str(refused.value).startswith("the connection to the database 'default' (127.0.0.1/shop) failed: ")


def test_a_database_that_is_not_there(shop: SimpleNamespace, database_url: str) -> None:
    """Says how to make it."""
    db.configure(DATABASES=database_url.replace("/shop?", "/shopp?"))
    with pytest.raises(OperationalError) as refused:
        shop.Maker.objects.count()
    assert str(refused.value).endswith("Unknown database 'shopp'. Make it with CREATE DATABASE.")
