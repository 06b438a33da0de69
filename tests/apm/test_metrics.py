"""Counters, gauges and histograms of a program's own."""

from collections.abc import Iterator

import pytest

from spruce import apm
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
