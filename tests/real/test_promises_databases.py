"""What is promised of a database under load: nobody is forgotten, nothing is lost, and a full pool says so."""

import random
from collections.abc import Iterator
from typing import Any

import pytest

from spruce import App, config, db, green
from spruce.config import Settings
from spruce.db.databases import current
from spruce.errors import ConcurrencyError


class Account(db.Model):
    balance = db.IntegerField(default=0)

    class Meta:
        db_table = "t_promised_account"


@pytest.fixture
def accounts(postgres: str) -> Iterator[Any]:
    """The query of all accounts; there are ten with 100 each."""
    before = config.current()
    config.install(Settings(DATABASES={"default": f"{postgres}&pool_size=20&pool_timeout=60"}))
    db.create_all(models=[Account])
    Account.objects.bulk_create([Account(balance=100) for _ in range(10)])
    yield Account.objects
    db.drop_all()
    db.configure(DATABASES={})
    config.install(before)


def test_a_thousand_green_threads_share_twenty_connections_fairly(accounts: Any) -> None:
    """Each asks six times; nobody is two turns ahead of somebody else, and nothing is lost."""
    done, ahead = [0] * 1000, [0]

    def ask(number: int) -> None:
        for _ in range(6):
            accounts.filter(pk=1).update(balance=db.F("balance") + 1)
            done[number] += 1
            ahead[0] = max(ahead[0], done[number] - min(done))

    def main() -> None:
        key = accounts.first().pk
        accounts.filter(pk=key).update(id=1)
        for thread in [green.spawn(ask, number) for number in range(1000)]:
            thread.wait()
        assert accounts.get(pk=1).balance == 6100
        driver: Any = current()["default"].driver
        assert driver.pool().stats()["connections"] == 20

    green.run(main)
    assert (done, ahead[0] <= 2) == ([6] * 1000, True)


def test_transfers_that_cannot_be_ordered_are_run_again(accounts: Any) -> None:
    """20 clients move money between ten accounts, SERIALIZABLE: the sum is exact, and nobody sees an error."""
    chance, failed = random.Random(1), [0]

    @db.atomic(isolation="serializable", retry=100)
    def move(source: int, target: int, amount: int) -> None:
        try:
            giver, taker = accounts.get(pk=source), accounts.get(pk=target)
            giver.balance -= amount
            taker.balance += amount
            giver.save()
            taker.save()
        except ConcurrencyError:
            failed[0] += 1
            raise

    def client(keys: list[int]) -> None:
        for _ in range(10):
            move(*chance.sample(keys, 2), chance.randint(1, 20))

    def main() -> None:
        keys = list(accounts.values_list("pk", flat=True))
        for thread in [green.spawn(client, keys) for _ in range(20)]:
            thread.wait()

    green.run(main)
    assert accounts.aggregate(sum=db.Sum("balance"))["sum"] == 1000
    assert failed[0] > 0


def test_a_full_pool_is_a_503_and_over_at_once(postgres: str) -> None:
    """With Retry-After, as soon as the URL's pool_timeout is over; the next request is answered."""
    app = App(__name__, DATABASES={"default": f"{postgres}&pool_size=2&pool_timeout=0.2"}, DEFAULT_MIDDLEWARE=[])
    holding, release = green.Event(), green.Event()

    @app.get("/")
    def view() -> str:
        return str(db.execute("SELECT 1").scalar())

    def hold() -> None:
        with app.app_context(), db.atomic():
            holding.send() if not holding.ready() else None
            release.wait()

    def main() -> None:
        holders = [green.spawn(hold) for _ in range(2)]
        holding.wait()
        green.sleep(0)
        while app_stats()["connections"] - app_stats()["free"] < 2:
            green.sleep(0.01)
        refused = app.test_client().get("/")
        assert (refused.status_code, "Retry-After" in refused.headers) == (503, True)
        release.send()
        for holder in holders:
            holder.wait()
        assert app.test_client().get("/").text == "1"

    def app_stats() -> dict[str, int]:
        with app.app_context():
            return db.stats()["default"]

    green.run(main)
    with app.app_context():
        db.configure(DATABASES={})
