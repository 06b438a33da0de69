"""Values that are dropped when what they were made from changes: rules one by one, then writers by chance."""

import contextlib
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from spruce import config, db, green
from spruce.alchemy import SQLAlchemy
from spruce.cache import Cache, caches
from spruce.cache.caches import watch_database
from spruce.cache.dependencies import Recording
from spruce.config import Settings
from spruce.errors import CacheError


class Shelf(db.Model):
    name = db.CharField(max_length=20)


class Label(db.Model):
    name = db.CharField(max_length=20)


class Book(db.Model):
    title = db.CharField(max_length=20)
    price = db.IntegerField(default=1)
    shelf = db.ForeignKey(Shelf, on_delete=db.CASCADE, related_name="books")
    labels = db.ManyToManyField(Label)


@pytest.fixture(params=["memory", "database"])
def store(request: pytest.FixtureRequest) -> str:
    return f"{request.param}://"


@pytest.fixture(autouse=True)
def settings(store: str, tmp_path: Path) -> Iterator[Settings]:
    before = config.current()
    settings = Settings(
        DATABASES={"default": f"sqlite:///{tmp_path / 'app.db'}"}, CACHES={"default": store}, CACHE_DEPENDS=["default"]
    )
    config.install(settings)
    db.create_all()
    watch_database(settings)
    yield settings
    db.configure(DATABASES={})
    config.install(before)


class Value:
    """A value that is made by `make`, with how often that was."""

    def __init__(self, make: Callable[[], Any], key: str = "value") -> None:
        self.key, self.made, self._make = key, 0, make

    def _count(self) -> Any:
        self.made += 1
        return self._make()

    def get(self) -> Any:
        return caches["default"].get_or_set(self.key, self._count, 1000, depends="auto")


@contextlib.contextmanager
def rolled_back() -> Iterator[None]:
    with contextlib.suppress(ZeroDivisionError), db.atomic():
        yield
        raise ZeroDivisionError


def shelves() -> list[str]:
    return [shelf.name for shelf in Shelf.objects.order_by("id")]


def test_a_value_is_kept_until_its_table_changes() -> None:
    value = Value(shelves)
    assert [value.get(), value.get(), value.made] == [[], [], 1]
    Shelf.objects.create(name="top")
    assert [value.get(), value.get(), value.made] == [["top"], ["top"], 2]
    Label.objects.create(name="new")  # another table
    assert [value.get(), value.made] == [["top"], 2]


def test_a_value_that_reads_nothing_is_kept_all_the_same() -> None:
    value = Value(lambda: "text")
    assert [value.get(), value.get(), value.made] == ["text", "text", 1]


def test_a_row_by_its_key_depends_on_that_row_only() -> None:
    one, other = Shelf.objects.create(name="one"), Shelf.objects.create(name="other")
    value = Value(lambda: Shelf.objects.get(pk=one.pk).name)
    assert value.get() == "one"
    other.name = "another"
    other.save()
    Shelf.objects.create(name="third")
    assert [value.get(), value.made] == ["one", 1]
    one.name = "first"
    one.save()
    assert [value.get(), value.made] == ["first", 2]
    Shelf.objects.filter(name="another").update(name="x")  # might have been this row
    assert [value.get(), value.made] == ["first", 3]


def test_a_row_that_is_not_there_may_come() -> None:
    value = Value(lambda: Shelf.objects.filter(pk=7).exists())
    assert value.get() is False
    Shelf.objects.create(pk=7, name="seventh")
    assert value.get() is True


def test_many_rows_stand_for_their_table() -> None:
    Shelf.objects.bulk_create([Shelf(name=str(number)) for number in range(150)])
    value = Value(lambda: len(list(Shelf.objects.filter(pk__in=range(1, 151)))))
    assert value.get() == 150
    Shelf.objects.get(pk=1).delete()
    assert value.get() == 149


def test_a_rollback_drops_nothing() -> None:
    value = Value(shelves)
    value.get()
    with rolled_back():
        Shelf.objects.create(name="top")
    assert [value.get(), value.made] == [[], 1]


def test_a_commit_drops_before_its_calls_are_made() -> None:
    value, seen = Value(shelves), []
    value.get()
    with db.atomic():
        Shelf.objects.create(name="top")
        db.on_commit(lambda: seen.append(value.get()))
    assert seen == [["top"]]


def test_what_is_made_of_uncommitted_changes_is_not_kept() -> None:
    value = Value(shelves)
    with rolled_back():
        Shelf.objects.create(name="never")
        assert value.get() == ["never"]
    assert value.get() == []


def test_a_change_while_it_is_made_makes_it_missing() -> None:
    def make() -> list[str]:
        found = shelves()
        green.run(lambda: green.spawn(Shelf.objects.create, name="meanwhile").wait())
        return found

    value = Value(make)
    assert value.get() == []
    assert value.get() == ["meanwhile"]


def test_who_asks_after_a_commit_doesnt_get_what_was_begun_before_it() -> None:
    def main() -> list[Any]:
        begun, go_on = green.Event(), green.Event()

        def make() -> list[str]:
            found = shelves()
            if not begun.ready():
                begun.send()
                go_on.wait()
            return found

        value = Value(make)
        first = green.spawn(value.get)
        begun.wait()
        Shelf.objects.create(name="top")
        second = green.spawn(value.get)
        green.sleep()
        go_on.send()
        return [first.wait(), second.wait()]

    assert green.run(main) == [[], ["top"]]


def test_an_outer_value_depends_on_what_inner_ones_do() -> None:
    cache = caches["default"]
    inner = Value(shelves, "inner")
    outer = Value(lambda: [inner.get(), cache.get_or_set("tagged", "x", tags=["menu"])], "outer")
    inner.get()  # so that the outer one finds it made
    assert outer.get() == [[], "x"]
    Shelf.objects.create(name="top")
    assert outer.get() == [["top"], "x"]
    assert [outer.get(), outer.made] == [[["top"], "x"], 2]
    cache.invalidate_tags("menu")
    assert [outer.get(), outer.made] == [[["top"], "x"], 3]


def test_raw_sql_counts_on_both_sides() -> None:
    db.execute("CREATE TABLE unheard_of (number INTEGER)")
    value = Value(lambda: db.execute("SELECT count(*) FROM unheard_of").scalar())
    assert value.get() == 0
    db.execute("INSERT INTO unheard_of VALUES (1)")
    assert value.get() == 1
    other = Value(lambda: db.execute(sa.select(sa.func.count()).select_from(Shelf.__table__)).scalar(), "other")
    assert other.get() == 0
    db.execute("INSERT INTO shelf (name) VALUES ('raw')")
    assert other.get() == 1


def test_sessions_of_sqlalchemy_tell_at_their_commit(store: str) -> None:
    from spruce.web import App

    app = App(__name__, DATABASES=config.current()["DATABASES"], CACHES={"default": store}, CACHE_DEPENDS=["default"])
    with app.app_context():
        tables = SQLAlchemy(app)
        value = Value(shelves, "with sessions")
        assert value.get() == []
        tables.session.execute(sa.insert(Shelf.__table__).values(name="top"))
        assert value.get() == []
        tables.session.commit()
        assert value.get() == ["top"]


def test_a_cache_that_is_not_told_of_changes_refuses(settings: Settings) -> None:
    settings["CACHES"] = {"other": "database://"}
    settings.resources.clear()
    with pytest.raises(CacheError) as failed:
        caches["other"].get_or_set("key", list, depends="auto")
    assert str(failed.value) == (
        "values in the cache 'other' cannot depend on the database: other processes that write to it don't know of "
        "them. Let every process tell the cache what it changes: CACHE_DEPENDS=['other']."
    )


def test_values_from_another_cache_cannot_be_checked_so_nothing_is_kept(settings: Settings) -> None:
    settings["CACHES"] = {"other": "memory://", "default": "memory://"}
    settings.resources.pop("spruce.cache", None)
    other: Cache = caches["other"]
    outer = Value(lambda: other.get_or_set("inner", shelves, depends="auto"))
    assert [outer.get(), outer.get(), outer.made] == [[], [], 2]


def test_a_token_that_cannot_be_read_keeps_nothing() -> None:
    recording = Recording("a cache", lambda tags: {})
    recording.read(["shelf"], None, settled=True)
    assert not recording.keepable
    assert recording.tokens == {}


PAGES: dict[str, Callable[[], Any]] = {
    "all": lambda: [(book.title, book.price) for book in Book.objects.order_by("id")],
    "one": lambda: [(book.title, book.shelf.name) for book in Book.objects.filter(pk=3)],
    "some": lambda: sorted(book.title for book in Book.objects.filter(pk__in=[1, 2, 5])),
    "count": lambda: Book.objects.filter(shelf__name="a").count(),
    "joined": lambda: [book.shelf.name for book in Book.objects.select_related("shelf").order_by("id")],
    "labels": lambda: [
        sorted(one.name for one in book.labels.all()) for book in Book.objects.prefetch_related("labels")
    ],
    "sum": lambda: Book.objects.aggregate(total=db.Sum("price"))["total"],
    "raw": lambda: [tuple(row) for row in db.execute("SELECT id, title FROM book ORDER BY id").all()],
    "reverse": lambda: [shelf.books.count() for shelf in Shelf.objects.order_by("id")],
    "exists": lambda: Book.objects.filter(pk=9).exists(),
}


def change(chance: random.Random) -> None:
    """Do something to the tables, as an app might."""
    books, key = Book.objects.all(), chance.randint(1, 10)
    name = chance.choice("abc")
    shelf = Shelf.objects.filter(name=name).first() or Shelf.objects.create(name=name)
    match chance.randint(0, 11):
        case 0 | 1:
            Book.objects.create(title=chance.choice("xyz"), shelf=shelf)
        case 2:
            books.filter(pk=key).update(price=db.F("price") + 1)
        case 3:
            books.filter(shelf=shelf).update(title="w")
        case 4:
            books.filter(pk=key).delete()
        case 5:
            shelf.delete()
        case 6:
            if (book := books.first()) is not None:
                book.title = chance.choice("xyz")
                book.save(update_fields=["title"])
        case 7:
            if (book := books.last()) is not None:
                book.labels.set([Label.objects.get_or_create(name=chance.choice("lmn"))[0]])
        case 8:
            Label.objects.filter(name="l").delete()
        case 9:
            Book.objects.bulk_create([Book(title="t", shelf=shelf), Book(title="u", shelf=shelf)])
        case 10:
            db.execute("UPDATE book SET price = price + 1 WHERE id = :key", {"key": key})
        case 11:
            Shelf.objects.filter(pk=shelf.pk).update(name="a")


@pytest.mark.parametrize("seed", range(6))
def test_writers_by_chance_never_leave_an_old_value(seed: int) -> None:
    """After each of many changes, in transactions or not, each value is what would be made afresh."""
    chance = random.Random(seed)
    values = {name: Value(make, name) for name, make in PAGES.items()}
    for _ in range(60):
        if chance.random() < 0.3:
            with db.atomic():
                change(chance)
                change(chance)
        else:
            change(chance)
        for name in chance.sample(sorted(values), 4):
            assert values[name].get() == PAGES[name](), name
    for name, value in values.items():
        assert value.get() == PAGES[name](), name
        made = value.made
        assert (value.get(), value.made) == (PAGES[name](), made)
