"""What every driver of a database on a server does alike; see also the tests of each driver."""

import pytest
from sqlalchemy.engine import make_url

from spruce.db.postgres_asyncpg import Postgres
from spruce.db.servers import Server
from spruce.errors import TransactionError


@pytest.fixture
def server() -> Server:
    """A driver that was never asked for a connection."""
    return Postgres(make_url("postgresql://ann:secret@db.test/shop?pool_size=3&pool_check=5"), "default")


def test_it_shows_where_it_is_and_no_password(server: Server) -> None:
    """In messages and logs."""
    assert repr(server) == "<Postgres db.test/shop>"


def test_its_limits_are_those_of_the_url(server: Server) -> None:
    """The others are the defaults."""
    limits = server.limits
    assert (limits.size, limits.timeout, limits.recycle, limits.check, limits.prepared) == (3, 10.0, 3600.0, 5.0, True)


def test_it_counts_nothing_before_it_is_asked(server: Server) -> None:
    """It has no pool yet."""
    assert server.stats() == {"connections": 0, "free": 0, "waiting": 0, "waited": 0, "timeouts": 0, "opened": 0}


def test_a_transaction_begins_at_its_level(server: Server) -> None:
    """Which is written as in Python or in SQL."""
    assert server.beginning(None) == ("BEGIN",)
    assert server.beginning("serializable") == ("BEGIN ISOLATION LEVEL SERIALIZABLE",)
    with pytest.raises(TransactionError, match="there is no isolation level 'serialisable'"):
        server.beginning("serialisable")
