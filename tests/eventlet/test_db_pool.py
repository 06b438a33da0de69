"""Pools of connections of a DB-API module; here sqlite3."""

import sqlite3
from typing import Any

import pytest

from spruce import eventlet, green
from spruce.eventlet import db_pool

POOLS = [db_pool.RawConnectionPool, db_pool.TpooledConnectionPool]


class Module:
    """A DB-API module that notes what becomes of its connections."""

    def __init__(self) -> None:
        self.made = 0
        self.closed = 0

    def connect(self, *args: Any, **kwargs: Any) -> "Connection":
        self.made += 1
        return Connection(self)


class Connection:
    def __init__(self, module: Module) -> None:
        self.module = module
        self.rolled_back = 0

    def rollback(self) -> None:
        self.rolled_back += 1

    def close(self) -> None:
        self.module.closed += 1


@pytest.mark.parametrize("kind", POOLS)
def test_connections_are_used_again(kind: type[db_pool.BaseConnectionPool]) -> None:
    """To close one gives it back; so does the end of a block."""

    def main() -> None:
        pool = kind(sqlite3, 0, 1, 10, 30, 5, db_pool.cleanup_rollback, ":memory:", check_same_thread=False)
        connection = pool.get()
        connection.execute("create table things (name)")
        connection.close()
        assert not connection
        connection.close()
        with pool.item() as connection:
            assert connection.execute("select count(*) from things").fetchone() == (0,)
            assert "PooledConnectionWrapper" in repr(connection)
        assert pool.free() == 1
        pool.clear()
        assert pool.current_size == 0

    green.run(main)


def test_who_waits_gets_the_next_one() -> None:
    """A connection that was dropped comes back too."""

    def main() -> None:
        module = Module()
        pool = db_pool.RawConnectionPool(module, max_size=1)
        connection = pool.get()
        waiting = eventlet.spawn(pool.get)
        eventlet.sleep(0)
        assert pool.waiting() == 1
        del connection
        assert waiting.wait()
        assert module.made == 1

    green.run(main)


def test_age() -> None:
    """What is too old, or wasn't used for too long, is closed: by itself, and when it is asked for."""

    def main() -> None:
        module = Module()
        at_once = db_pool.RawConnectionPool(module, max_size=1, max_idle=0)
        at_once.get().close()
        assert (module.made, module.closed) == (1, 1)
        soon = db_pool.RawConnectionPool(module, max_size=1, max_idle=0.001)
        soon.get().close()
        eventlet.sleep(0.01)
        assert (module.made, module.closed) == (2, 2)
        assert soon.free() == 1

    green.run(main)


def test_a_connection_that_is_no_good() -> None:
    """Its cleanup fails: the next one is new, also for who waits already."""

    def fail(connection: Any) -> None:
        raise OSError("gone")

    def main() -> None:
        module = Module()
        pool = db_pool.RawConnectionPool(module, max_size=1, cleanup=fail)
        connection = pool.get()
        waiting = eventlet.spawn(pool.get)
        eventlet.sleep(0)
        connection.close()
        waiting.wait()
        assert module.made == 2

    green.run(main)


def test_a_connection_takes_too_long() -> None:
    """An error of its own."""

    class Slow:
        def connect(self) -> None:
            eventlet.sleep(60)

    def main() -> None:
        with pytest.raises(db_pool.ConnectTimeout):
            db_pool.RawConnectionPool(Slow(), connect_timeout=0.001).get()

    green.run(main)


def test_a_pool_for_each_database() -> None:
    """With the credentials of its host."""
    connector = db_pool.DatabaseConnector(Module(), {"one": {"user": "first"}, "default": {"user": "other"}})
    assert connector.get("one", "shop") is connector.get("one", "shop") is not connector.get("two", "shop")
    assert connector.credentials_for("two") == {"user": "other"}
    with pytest.raises(ValueError, match=r"^a pool has 0 connections or more"):
        db_pool.RawConnectionPool(Module(), max_size=0)
    with pytest.raises(NotImplementedError, match="use RawConnectionPool or TpooledConnectionPool"):
        db_pool.BaseConnectionPool(Module()).get()
