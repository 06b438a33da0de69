"""Which database a query goes to: aliases, URLs, routers."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from spruce import config, db
from spruce.config import Settings
from spruce.db.databases import Database, choose, current
from spruce.errors import ConfigError


class Split:
    """Reads from one database, writes to another, and notes what it is asked."""

    asked: list[tuple[str, Any, list[str]]] = []  # noqa: RUF012 - emptied by the test

    def db_for_read(self, model: Any, **hints: Any) -> str | None:
        self.asked.append(("read", model, sorted(hints)))
        return "replica"

    def db_for_write(self, model: Any, **hints: Any) -> str | None:
        self.asked.append(("write", model, sorted(hints)))
        return None


class Nowhere:
    """Has no opinion and not all methods."""

    def db_for_read(self, model: Any, **hints: Any) -> str | None:
        return None


@pytest.fixture
def two(tmp_path: Path) -> None:
    """Two databases, with tables in both."""
    db.configure(DATABASES={"default": f"sqlite:///{tmp_path}/a.db", "replica": f"sqlite:///{tmp_path}/b.db"})
    db.create_all()
    db.create_all("replica")


def test_using_chooses_the_database(two: None, shop: SimpleNamespace) -> None:
    """Of a query, of what it creates, of a save; an object remembers where it came from."""
    makers = shop.Maker.objects
    there = makers.using("replica").create(name="there")
    assert (makers.count(), makers.using("replica").count(), makers.using("replica").db) == (0, 1, "replica")
    there.name = "still there"
    there.save()
    assert makers.using("replica").get().name == "still there"
    there.save(using="default")
    assert makers.get().name == "still there"
    category = shop.Category.objects.using("replica").create(name="x", maker=there)
    assert shop.Category.objects.using("replica").get(pk=category.pk).maker._db == "replica"
    assert (category.delete()[0], there.delete(using="replica")[0], makers.count()) == (1, 1, 1)


def test_routers_choose_when_nobody_else_does(two: None, shop: SimpleNamespace) -> None:
    """In the order of the chain; one that says nothing leaves it to the next, and then to the default."""
    Split.asked.clear()
    db.configure(DATABASE_ROUTERS=[Nowhere(), Split])
    maker = shop.Maker.objects.create(name="a")
    assert shop.Maker.objects.count() == 0
    assert shop.Maker.objects.using("default").count() == 1
    assert Split.asked == [("write", shop.Maker, ["instance"]), ("read", shop.Maker, [])]
    maker.save()
    assert Split.asked[-1] == ("write", shop.Maker, ["instance"])


def test_routers_may_be_dotted_names(two: None) -> None:
    """And a wrong one is refused with the reason."""
    db.configure(DATABASE_ROUTERS=["types.SimpleNamespace"])
    assert current().ask("db_for_read", None) is None
    db.configure(DATABASE_ROUTERS=["types.Nothing"])
    with pytest.raises(ConfigError) as refused:
        current()
    assert str(refused.value) == (
        "DATABASE_ROUTERS has 'types.Nothing', which cannot be imported: module 'types' has no attribute 'Nothing'. "
        "Name it as module.Class."
    )


def test_an_unknown_alias_names_those_that_exist(two: None, shop: SimpleNamespace) -> None:
    """The nearest first."""
    with pytest.raises(ConfigError) as refused:
        list(shop.Maker.objects.using("replca"))
    assert str(refused.value) == (
        "there is no database 'replca' in DATABASES; did you mean 'replica'? Aliases: default, replica."
    )


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("shop.db", "DATABASES['default'] is 'shop.db', which is no URL. An example: sqlite:///shop.db"),
        ("sqlit:///shop.db",
         "DATABASES['default']: this version cannot use 'sqlit'; did you mean 'sqlite'? "
         "Kinds: sqlite, postgresql, postgresql+psycopg, mariadb, mysql."),
        ("oracle://localhost/shop",
         "DATABASES['default']: this version cannot use 'oracle'. "
         "Kinds: sqlite, postgresql, postgresql+psycopg, mariadb, mysql."),
        ("sqlite:///shop.db?timout=3",
         "sqlite:///shop.db?timout=3 has the option 'timout', which SQLite has not; did you mean 'timeout'? "
         "It has: timeout, a number of seconds to wait for a lock; wal_autocheckpoint, a number of pages after which "
         "the log is copied back, 0 for never."),
        ("sqlite:///a.db?timeout=long",
         "sqlite:///a.db?timeout=long: timeout is a number of seconds to wait for a lock, not 'long'"),
        ("sqlite:///a.db?wal_autocheckpoint=-1",
         "sqlite:///a.db?wal_autocheckpoint=-1: wal_autocheckpoint is a number of pages after which the log is copied "
         "back, 0 for never, not '-1'"),
    ],
)  # fmt: skip
def test_urls_that_cannot_work(url: str, message: str) -> None:
    """Say what is wrong with them."""
    with pytest.raises(ConfigError) as refused:
        Database("default", url)
    assert str(refused.value) == message


def test_without_settings_there_is_a_file_in_the_instance_folder(tmp_path: Path) -> None:
    """The folder is made."""
    config.install(Settings(INSTANCE_PATH=str(tmp_path / "instance")))
    db.create_all()
    assert (tmp_path / "instance" / "app.db").is_file()
    db.configure(DATABASES={})


def test_databases_belong_to_their_settings(settings: Settings) -> None:
    """Other settings have their own."""
    mine = current()
    assert current() is mine
    token = config.use(Settings(DATABASES={"default": "sqlite://"}))
    assert current() is not mine
    config.leave(token)
    assert current() is mine


def test_one_url_stands_for_the_default(settings: Settings) -> None:
    """Configuring anew closes what was open."""
    db.create_all()
    assert db.stats()["default"]["connections"] > 0
    driver = current()["default"].driver
    db.configure(DATABASES="sqlite://")
    assert driver.stats() == {"connections": 0}
    assert settings["DATABASES"] == {"default": "sqlite://"}
    assert choose(None, None, write=False).alias == "default"


def test_a_password_is_not_shown() -> None:
    """Where a database is printed."""
    assert repr(Database("default", "sqlite:///x.db")) == "<Database default: sqlite:///x.db>"
