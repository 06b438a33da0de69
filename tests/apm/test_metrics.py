"""Counters, gauges and histograms of a program's own."""

from collections.abc import Callable, Iterator

import pytest

from spruce import apm
from spruce.apm import Client
from spruce.apm.metrics import registry
from spruce.errors import ConfigError


@pytest.fixture(autouse=True)
def _clean() -> Iterator[None]:
    registry.clear()
    yield
    registry.clear()


def test_the_same_name_and_labels_are_the_same() -> None:
    """Whoever asks, and in whatever order labels are given."""
    assert apm.counter("orders", shop="a", till=1) is apm.counter("orders", till="1", shop="a")
    assert apm.counter("orders", shop="b") is not apm.counter("orders", shop="a")
    assert [metric.name for metric in registry] == ["orders"] * 3


def test_a_counter_only_grows() -> None:
    """A gauge does not."""
    orders, baskets = apm.counter("orders"), apm.gauge("baskets")
    orders.inc()
    orders.inc(2)
    with pytest.raises(ValueError, match=r"^the counter 'orders' can't be lowered by 1; a gauge can$"):
        orders.inc(-1)
    baskets.set(5)
    baskets.inc()
    baskets.dec(3)
    assert (orders.value, baskets.value, repr(orders)) == (3, 3, "<Counter orders 3>")


def test_a_histogram_counts_by_size() -> None:
    """A value that is a bound belongs below it; what is above all has a place of its own."""
    values = apm.histogram("values", buckets=(10, 1))
    for value in (0.5, 1, 5, 10, 11):
        values.observe(value)
    assert (values.bounds, values.counts, values.value) == ((1, 10), [2, 2, 1], 27.5)


def test_a_name_is_of_one_kind() -> None:
    """Else nobody could read what it says."""
    apm.counter("orders")
    with pytest.raises(ConfigError) as caught:
        apm.gauge("orders")
    assert str(caught.value) == "'orders' is a counter, and can't be a gauge as well"


def test_a_name_is_of_one_kind_whatever_its_labels() -> None:
    """Prometheus would refuse all that it is told."""
    apm.counter("orders", shop="a")
    with pytest.raises(ConfigError) as caught:
        apm.histogram("orders", shop="b")
    assert str(caught.value) == "'orders' is a counter, and can't be a histogram as well"
    registry.clear()
    assert apm.histogram("orders", shop="b").kind == "histogram"


def test_exemplars_are_of_sampled_transactions(make_client: Callable[..., Client]) -> None:
    """Outside of any, and where nothing is kept of it, there is nothing to look at."""
    values = apm.histogram("values", buckets=(1,))
    values.observe(0.5)
    client = make_client(TRANSACTION_SAMPLE_RATE=0)
    client.begin_transaction("job")
    values.observe(0.5)
    client.end_transaction()
    assert values.exemplars == [None, None]


def test_an_exemplar_is_replaced_by_a_later_one(client: Client) -> None:
    """Not by each, which nobody would see; and also when the clock was put back."""
    transaction = client.begin_transaction("job")
    assert transaction is not None
    values = apm.histogram("values", buckets=(1,))
    for value, at in ((0.1, 100.0), (0.2, 100.5), (0.3, 101.0), (0.4, 40.0)):
        values.note(value, transaction, at)
        kept = values.exemplars[0]
        assert kept is not None
        assert kept[1:3] == (transaction.trace_id, transaction.id)
        assert (kept.value, kept.at) == {0.2: (0.1, 100.0)}.get(value, (value, at))
    client.end_transaction()


def test_there_are_so_many() -> None:
    """Labels made of data would fill the memory."""
    for number in range(1000):
        apm.counter("orders", number=number)
    with pytest.raises(ConfigError) as caught:
        apm.counter("orders", number=1000)
    assert str(caught.value) == (
        "there are 1000 metrics, so 'orders' with {'number': '1000'} can't be one more. "
        "A label must not be made of data, such as the number of an order."
    )
