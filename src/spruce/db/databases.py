"""Which database a query goes to: the aliases of `DATABASES`, the chain of `DATABASE_ROUTERS`.

A `Driver` is what speaks to one database; it is all that this package asks of one. Drivers are made when they are
first used and kept with the settings that they were made from.
"""

from collections.abc import Callable, Iterator, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol

import sqlalchemy as sa
from sqlalchemy.engine import URL

from spruce import config
from spruce.db.outcomes import Outcome
from spruce.db.records import Record
from spruce.db.replicadrivers import Noting, Reading
from spruce.db.replicas import Readable, Replica, Replicas
from spruce.db.replicawatch import Watch
from spruce.db.seeing import warn_in_requests
from spruce.db.sqlite import SQLite
from spruce.errors import ConfigError, nearest

__all__ = ["Connection", "Database", "Databases", "Driver", "Transaction", "choose", "configure", "current", "stats"]

_DEFAULT = "default"
_RESOURCE = "spruce.db"
_CONNECT_SECONDS = 0.8  # to a replica, since the primary can answer too


class Connection(Protocol):
    """What runs statements; each call blocks the green thread until it is done."""

    def rows(self, sql: str, parameters: Sequence[Any], slow: bool = False) -> list[Any]:
        """The rows of a query; `slow` tells that it is known to take long."""
        ...

    def outcome(self, sql: str, parameters: Sequence[Any]) -> Outcome:
        """All that a statement gives, whatever it is."""
        ...

    def stream(self, sql: str, parameters: Sequence[Any], size: int) -> Iterator[list[Any]]:
        """The rows of a query, `size` at a time, without having them all in memory."""
        ...

    def change(self, sql: str, parameters: Sequence[Any]) -> int:
        """Run a statement that changes rows; return how many."""
        ...

    def insert(self, sql: str, parameters: Sequence[Any]) -> Any:
        """Insert a row; return the key that the database gave it."""
        ...

    def insert_many(self, sql: str, rows: list[Sequence[Any]], returns: bool) -> list[Any]:
        """Insert rows; return what each returns if the statement says so, else the keys that they were given."""
        ...


class Transaction(Connection, Protocol):
    """A connection inside of a transaction, which belongs to one green thread."""

    def commit(self) -> None:
        """End the transaction and keep what it did; on an error it is rolled back."""
        ...

    def rollback(self) -> None:
        """End the transaction and undo what it did; never fails."""
        ...

    def savepoint(self, name: str) -> None:
        """Mark a place to go back to."""
        ...

    def release(self, name: str) -> None:
        """Forget a savepoint."""
        ...

    def rollback_to(self, name: str) -> None:
        """Undo what was done since a savepoint, and forget it."""
        ...


class Driver(Connection, Protocol):
    """What speaks to one database; statements that it runs itself are transactions of their own."""

    dialect: sa.Dialect

    def begin(self, isolation: str | None = None) -> Transaction:
        """Start a transaction; blocks until it may. SQLite's are always serializable."""
        ...

    def stats(self) -> dict[str, int]:
        """How many connections are open, and what else can be counted."""
        ...

    def close(self) -> None:
        """Close every connection."""
        ...


def _imported(module: str, name: str, extra: str) -> Callable[[URL, str], Driver]:
    """What makes a driver whose module is imported when it is wanted: it takes a while, and is an extra."""

    def make(url: URL, alias: str) -> Driver:
        try:
            driver: Driver = getattr(import_module(f"spruce.db.{module}"), name)(url, alias)
        except ModuleNotFoundError as error:
            raise ConfigError(
                f"DATABASES[{alias!r}] is {url.drivername}://…, and {error.name} is not installed",
                hint=f'Install it: pip install "spruce[{extra}]".',
            ) from error
        return driver

    return make


_DRIVERS: dict[str, Callable[[URL, str], Driver]] = {
    "sqlite": SQLite,
    "postgresql": _imported("postgres_asyncpg", "Postgres", "postgres"),
    "postgresql+psycopg": _imported("postgres_psycopg", "Psycopg", "psycopg"),
    "mariadb": _imported("mysql", "MySQLServer", "mysql"),
    "mysql": _imported("mysql", "MySQLServer", "mysql"),
}
"""Makes the driver of a URL, by its scheme."""


def _driver(url: URL, alias: str) -> Driver:
    """The driver of a URL: its own, or that of the kind of its database."""
    scheme = url.drivername if url.drivername in _DRIVERS else url.get_backend_name()
    if scheme not in _DRIVERS:
        raise ConfigError(
            f"DATABASES[{alias!r}]: this version cannot use {scheme!r}{nearest(scheme, _DRIVERS)}",
            hint=f"Kinds: {', '.join(_DRIVERS)}.",
        )
    return _DRIVERS[scheme](url, alias)


class Database:
    """A database by its alias."""

    __slots__ = ("__weakref__", "alias", "dialect", "driver", "replicas", "url", "watched")

    def __init__(self, alias: str, url: str) -> None:
        self.alias = alias
        try:
            self.url = sa.make_url(url)
        except sa.exc.ArgumentError:
            raise ConfigError(
                f"DATABASES[{alias!r}] is {url!r}, which is no URL", hint="An example: sqlite:///shop.db"
            ) from None
        self.driver = _driver(self.url, alias)
        self.dialect = self.driver.dialect
        self.replicas: Replicas | None = None
        self.watched: Any = None  # what tells of the statements of its driver, once somebody wants to know

    def __repr__(self) -> str:
        return f"<Database {self.alias}: {self.url!r}>"


class Databases:
    """All databases of some settings, and their routers."""

    def __init__(
        self,
        urls: dict[str, str],
        routers: Sequence[Any],
        replicas: dict[str, Sequence[str]] | None = None,
        limit: float = 10.0,
    ) -> None:
        self.urls = urls
        self.replicas = replicas or {}
        self.limit = limit  # seconds that a replica may be behind
        for alias in self.replicas:
            self._check(alias)
        self.routers = [_router(router) for router in routers]
        self.is_single = len(urls) == 1 and not self.routers
        self.is_plain = self.is_single and _DEFAULT in urls  # whether there is nothing to choose
        self._made: dict[str, Database] = {}
        self.leave: Callable[[], None] = lambda: None  # ends what watches the queries

    def __getitem__(self, alias: str) -> Database:
        """The database of an alias. Raises ConfigError if there is none."""
        made = self._made.get(alias)
        if made is None:
            self._check(alias)
            made = Database(alias, self.urls[alias])
            if alias in self.replicas:
                _add_replicas(made, self.replicas[alias], self.limit)
            made = self._made.setdefault(alias, made)
        return made

    def _check(self, alias: str) -> None:
        if alias not in self.urls:
            raise ConfigError(
                f"there is no database {alias!r} in DATABASES{nearest(str(alias), self.urls)}",
                hint=f"Aliases: {', '.join(self.urls)}.",
            )

    def ask(self, question: str, *subject: Any, **hints: Any) -> Any:
        """The first answer that is not None from the routers that have the method `question`."""
        for router in self.routers:
            method = getattr(router, question, None)
            answer = None if method is None else method(*subject, **hints)
            if answer is not None:
                return answer
        return None

    def close(self) -> None:
        """Close every connection to every database."""
        self.leave()
        for database in self._made.values():
            if database.replicas is not None:
                database.replicas.close()
            database.driver.close()

    def stats(self) -> dict[str, dict[str, int]]:
        """What each driver counts, by alias; replicas are `default.1` and so on."""
        counted = {alias: database.driver.stats() for alias, database in self._made.items()}
        for database in self._made.values():
            counted |= database.replicas.stats() if database.replicas is not None else {}
        return counted


def _add_replicas(primary: Database, urls: Sequence[str], limit: float) -> None:
    """Let copies of a database answer what only reads."""
    if primary.dialect.name != "postgresql":
        raise ConfigError(
            f"DATABASE_REPLICAS has copies of {primary.alias!r}, which is no PostgreSQL database",
            hint="Others can be databases of their own, between which DATABASE_ROUTERS choose.",
        )
    copies: list[Replica] = []
    for number, url in enumerate(urls, 1):
        found = Database(f"{primary.alias}.{number}", str(url))
        server: Any = found.driver
        server.limits.patient = False
        if "connect_timeout" not in found.url.query:
            server.connect_timeout = _CONNECT_SECONDS
        copy = Replica(found.alias, found.driver, _probe(found))
        found.alias, found.driver = Readable(primary.alias), Reading(copy, primary.driver)
        copy.database = found
        copies.append(copy)
    watch = Watch(_probe(primary))
    primary.replicas = Replicas(primary, copies, limit, watch)
    primary.driver = Noting(primary.driver, primary.replicas.note_write)


def _probe(database: Database) -> Any:
    """A driver with one connection, which is not used but for asking how a server is."""
    url = database.url.update_query_dict({"pool_size": "1", "connect_timeout": "2"})
    made: Any = _driver(url, database.alias)
    made.limits.patient = False
    return made


def current() -> Databases:
    """The databases of the settings that hold here."""
    settings = config.current()
    made = settings.resources.get(_RESOURCE)
    if made is None:
        made = settings.resources.setdefault(_RESOURCE, _from_settings(settings))
    return made  # type: ignore[return-value] # nobody else keeps anything under this name


def choose(using: str | None, model: type[Record] | None, *, write: bool, instance: Any = None) -> Database:
    """The database for a query: the alias that is asked for, else the routers', else that of the hint `instance`.

    What reads may be given a replica of it, unless an alias is asked for.
    """
    databases = current()
    if using is None and databases.is_plain:
        found = databases[_DEFAULT]
        return found if write or found.replicas is None else found.replicas.choose()
    if using is not None:
        found = databases[using]
        return found if write or found.replicas is None or using.__class__ is str else found.replicas.choose()
    alias = None
    if databases.routers:
        hints = {} if instance is None else {"instance": instance}
        alias = databases.ask("db_for_write" if write else "db_for_read", model, **hints)
    if alias is None:
        alias = (instance is not None and (instance._db or vars(instance).get("_near"))) or _DEFAULT
    found = databases[alias]
    return found if write or found.replicas is None else found.replicas.choose()


def configure(  # the names of the parameters are those of the settings
    DATABASES: dict[str, str] | str | None = None,  # noqa: N803 - the name of the setting
    DATABASE_ROUTERS: Sequence[Any] | None = None,  # noqa: N803 - the name of the setting
    DATABASE_REPLICAS: dict[str, Sequence[str]] | Sequence[str] | None = None,  # noqa: N803 - the name of the setting
) -> None:
    """Use these databases, routers and replicas from now on, instead of those of the settings that hold here.

    One URL stands for the alias `default`. Connections that are open are closed, so no query may be running.
    """
    settings = config.current()
    if DATABASES is not None:
        settings["DATABASES"] = {_DEFAULT: DATABASES} if isinstance(DATABASES, str) else dict(DATABASES)
    if DATABASE_ROUTERS is not None:
        settings["DATABASE_ROUTERS"] = list(DATABASE_ROUTERS)
    if DATABASE_REPLICAS is not None:
        settings["DATABASE_REPLICAS"] = DATABASE_REPLICAS
    old = settings.resources.pop(_RESOURCE, None)
    if isinstance(old, Databases):
        old.close()


def stats() -> dict[str, dict[str, int]]:
    """What the drivers in use count, by alias: connections that are open, and the like."""
    return current().stats()


def _from_settings(settings: Any) -> Databases:
    urls = dict(settings["DATABASES"])
    if not urls:
        folder = Path(settings["INSTANCE_PATH"] or "instance").absolute()
        folder.mkdir(parents=True, exist_ok=True)
        urls = {_DEFAULT: f"sqlite:///{folder / 'app.db'}"}
    copies = settings["DATABASE_REPLICAS"]
    replicas = copies if isinstance(copies, dict) or not copies else {_DEFAULT: copies}
    databases = Databases(urls, settings["DATABASE_ROUTERS"], replicas or {}, settings["DATABASE_REPLICA_LAG"])
    if settings["DEBUG"]:
        databases.leave = warn_in_requests()
    return databases


def _router(named: Any) -> Any:
    """A router object: itself, or made from a class or a dotted name."""
    if isinstance(named, str):
        module, _, name = named.rpartition(".")
        try:
            named = getattr(import_module(module), name)
        except (ImportError, AttributeError, ValueError) as error:
            raise ConfigError(
                f"DATABASE_ROUTERS has {named!r}, which cannot be imported: {error}",
                hint="Name it as module.Class.",
            ) from error
    return named() if isinstance(named, type) else named
