"""The pool of connections: its limits, its line, its checks."""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
import sqlalchemy as sa

from spruce import green
from spruce.db.pools import Pool, lost
from spruce.db.postgres_asyncpg import Postgres
from spruce.errors import ConnectionLost, OperationalError, PoolTimeout


@pytest.fixture
def make(postgres: str) -> Iterator[Any]:
    """What makes the driver of a database with some options, closed at the end."""
    made: list[Postgres] = []

    def make(**options: object) -> Postgres:
        url = sa.make_url(postgres).update_query_dict({name: str(value) for name, value in options.items()})
        made.append(Postgres(url, "shop"))
        return made[-1]

    yield make
    for driver in made:
        driver.close()


def pool_of(driver: Postgres) -> Pool:
    pool = driver.pool()
    assert pool is not None
    return pool


def test_who_waits_longest_is_next(make: Any) -> None:
    """And who comes while others wait stands behind them."""
    driver = make(pool_size=1)
    served: list[int] = []

    def ask(number: int) -> None:
        link = pool_of(driver).take()
        served.append(number)
        green.sleep(0)
        pool_of(driver).give(link)

    def main() -> None:
        threads = [green.spawn(ask, number) for number in range(5)]
        threads[0].wait()
        threads += [green.spawn(ask, number) for number in range(5, 8)]
        for thread in threads:
            thread.wait()
        stats = driver.stats()
        assert (stats["opened"], stats["connections"], stats["free"], stats["waiting"]) == (1, 1, 1, 0)
        assert stats["waited"] >= 4

    green.run(main)
    assert served == list(range(8))


def test_a_wait_has_an_end_asvs_15_2_2(make: Any) -> None:
    """With an error that says what to do, which a web page answers by 503."""
    driver = make(pool_size=1, pool_timeout=0.02)

    def main() -> None:
        pool = pool_of(driver)
        link = pool.take()
        with pytest.raises(PoolTimeout) as refused:
            pool.take()
        assert str(refused.value) == (
            "no connection to 'shop' became free within 0.02 s: all 1 are in use and 0 more green threads wait. "
            "Keep transactions short, or raise ?pool_size=… in the URL."
        )
        assert refused.value.code == 503
        pool.give(link)
        assert pool.take() is link
        pool.give(link)
        assert driver.stats()["timeouts"] == 1

    green.run(main)


def test_what_is_handed_to_a_thread_that_is_killed_goes_on(make: Any) -> None:
    """To the next in the line."""
    driver = make(pool_size=1)
    got: list[str] = []

    def ask(name: str) -> None:
        link = pool_of(driver).take()
        got.append(name)
        pool_of(driver).give(link)

    def main() -> None:
        pool = pool_of(driver)
        link = pool.take()
        killed, other = green.spawn(ask, "killed"), green.spawn(ask, "other")
        green.sleep(0)
        green.sleep(0)
        pool.give(link)
        killed.kill()
        other.wait()

    green.run(main)
    assert got == ["other"]


def test_connections_are_checked(make: Any) -> None:
    """When they have not been used for long, or were left half-way: those that are gone are replaced."""
    driver = make(pool_size=1, pool_check=0.0001)

    def main() -> None:
        pool = pool_of(driver)
        link = pool.take()
        number = link.rows("SELECT pg_backend_pid()", ())[0][0]
        pool.give(link)
        green.sleep(0.001)
        assert pool.take() is link
        other = make()
        other.rows("SELECT pg_terminate_backend($1::INTEGER, 5000)", (number,))
        link.doubtful = True
        pool.give(link)
        new = pool.take()
        assert new is not link
        pool.give(new)
        assert driver.stats()["connections"] == 1

    green.run(main)


def test_a_pool_without_patience_tells_of_connections_that_broke(make: Any) -> None:
    """Once, of all of them: a replica may have started anew, and not be where it was said to be."""
    driver = make(pool_size=3)
    driver.limits.patient = False

    def main() -> None:
        pool = pool_of(driver)
        links = [pool.take() for _ in range(3)]
        for link in links:
            pool.give(link)
        for link in links[:2]:
            link.terminate()
        while not all(link.closed for link in links[:2]):
            green.sleep(0.001)
        assert pool.take() is links[2]
        with pytest.raises(ConnectionLost) as error:
            pool.take()
        assert "the server has ended the connection" in str(error.value)
        pool.give(links[2])
        new = [pool.take() for _ in range(3)]
        assert links[2] in new
        for link in new:
            pool.give(link)
        assert driver.stats()["connections"] == 3

    green.run(main)


def test_what_was_left_half_way_is_ended(make: Any) -> None:
    """Even if nobody wants the connection: no transaction stays open in it."""
    driver, other = make(pool_size=1), make()

    def main() -> None:
        pool = pool_of(driver)
        link = pool.take()
        link.change("BEGIN", ())
        number = link.rows("SELECT pg_backend_pid()", ())[0][0]
        link.doubtful = True
        pool.give(link)
        assert pool.free == []
        sql = "SELECT state FROM pg_stat_activity WHERE pid = $1::INTEGER"
        while other.rows(sql, (number,))[0][0] != "idle":
            green.sleep(0)
        while not pool.free:
            green.sleep(0)
        assert pool.free == [link]

    green.run(main)


def test_old_connections_are_replaced(make: Any) -> None:
    """After `pool_recycle` seconds."""
    driver = make(pool_size=1, pool_recycle=0.0001)

    def main() -> None:
        for _ in range(3):
            driver.rows("SELECT 1", ())
            green.sleep(0.001)
        stats = driver.stats()
        assert (stats["opened"], stats["connections"]) == (3, 1)

    green.run(main)


def test_a_pool_ends_with_its_loop(make: Any) -> None:
    """And refuses to lend anything then."""
    driver = make()
    pools: list[Pool] = []

    def main() -> None:
        driver.rows("SELECT 1", ())
        pools.append(pool_of(driver))

    green.run(main)
    assert (pools[0].open, pools[0].closed) == (0, True)
    with pytest.raises(OperationalError, match=r"failed: it was closed\. Ask db\.configure"):
        pools[0].take()


def test_statements_are_prepared_once(make: Any) -> None:
    """On each connection; the oldest go when there are too many."""
    driver = make(pool_size=1)

    def main() -> None:
        for number in range(205):
            driver.rows(f"SELECT {number}", ())
            driver.rows("SELECT 0", ())
        link: Any = pool_of(driver).take()
        assert len(link.statements) == 200
        pool_of(driver).give(link)

    green.run(main)


def test_an_error_without_a_text_shows_its_name() -> None:
    """As that of a connection that ended."""
    place = SimpleNamespace(alias="default", shown="localhost/shop")
    assert str(lost(EOFError(), place, hint="Hint.")) == (
        "the connection to the database 'default' (localhost/shop) failed: EOFError. Hint."
    )
