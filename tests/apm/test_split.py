"""Where the time of a transaction went."""

import asyncio
import time
from typing import Any

import pytest
from tests.apm.conftest import Records

from spruce import apm, green
from spruce.apm import Client, Transaction
from spruce.apm.spans import begin_span
from spruce.apm.split import KINDS
from spruce.apm.what import What

QUERY = What("SELECT", "db", "sqlite", "query", True, True, "sqlite/default")


def split_of(client: Client, work: Any) -> dict[str, float]:
    """The split of a transaction in which `work` runs, in a green thread of its own."""
    seen: list[Transaction] = []

    def run() -> None:
        client.begin_transaction("job")
        work()
        ended = client.end_transaction("job")
        assert ended is not None
        seen.append(ended)

    green.spawn(run).wait()
    (transaction,) = seen
    assert transaction.split is not None
    assert transaction.duration == pytest.approx(sum(transaction.split.values()))
    assert set(transaction.split) <= set(KINDS)
    return transaction.split


@pytest.fixture(autouse=True)
def _instrumented(client: Client) -> None:
    apm.instrument()


def test_without_a_wait_all_of_it_is_cpu(client: Client) -> None:
    """Nothing else has happened."""
    assert list(split_of(client, lambda: sum(range(1000)))) == ["cpu"]


def test_a_wait_at_a_lock(client: Client) -> None:
    """And at whatever green threads share."""
    lock = green.Semaphore(0)
    queue: Any = green.Queue()

    def work() -> None:
        green.spawn_after(0.002, lock.release)
        lock.acquire()
        green.spawn_after(0.002, queue.put, 1)
        queue.get()

    split = split_of(client, work)
    assert split["lock"] > 0.002
    assert set(split) == {"cpu", "loop", "lock"}


def test_a_wait_in_a_query(client: Client) -> None:
    """Belongs to the database, whatever it was that the driver waited at."""

    def work() -> None:
        here = apm.in_flight()[-1]
        span = begin_span(here, QUERY)
        green.sleep(0.002)
        green.await_(asyncio.sleep(0.001))
        span.end()
        green.sleep(0.001)

    split = split_of(client, work)
    assert split["db"] > 0.002
    assert split["other"] > 0


def test_what_others_do_meanwhile_is_waiting_for_the_loop(client: Client) -> None:
    """The thread could have gone on."""

    def work() -> None:
        green.spawn(lambda: time.sleep(0.02))
        green.sleep(0.001)

    assert split_of(client, work)["loop"] > 0.015


def test_waits_of_children_are_their_own(client: Client) -> None:
    """The transaction's thread waits for them; that counts once."""

    def work() -> None:
        threads = [green.spawn(green.sleep, 0.005) for _ in range(10)]
        for thread in threads:
            thread.wait()

    assert sum(split_of(client, work).values()) < 0.05 + 1


def test_many_waits_are_added_up_as_they_come(client: Client) -> None:
    """Memory stays bounded."""
    kept: list[int] = []

    def work() -> None:
        here = apm.in_flight()[-1]
        for _ in range(4100):
            green.sleep(0)
            kept.append(len(here.waits))

    split = split_of(client, work)
    assert max(kept) < 2000
    assert split["cpu"] >= 0


def test_outside_of_green_threads_there_is_none(client: Client, records: Records) -> None:
    """The main program's waits aren't seen."""
    client.begin_transaction("job")
    green.sleep(0.001)
    client.end_transaction()
    assert records.last.split is None


def test_nobody_watches_when_it_has_ended(client: Client) -> None:
    """The hub is as before."""
    split_of(client, lambda: None)
    assert green.get_hub().parks is not None
    apm.uninstrument()
    assert green.get_hub().parks is None
