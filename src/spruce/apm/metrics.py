"""Counters, gauges and histograms of a program's own, by name and labels.

    apm.counter("orders").inc()
    apm.gauge("baskets", shop="north").set(12)
    apm.histogram("order_value", buckets=(10, 100, 1000)).observe(59.9)

The same name and labels always give the same one. They may be changed in any thread. They are told to Elastic every
METRICS_INTERVAL, and to Prometheus when it asks.

Each bucket of a histogram keeps an exemplar: the last value that came from a sampled transaction, with its trace. Who
looks at slow requests of a chart finds one of them by it.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from threading import Lock
from time import time
from typing import Any, NamedTuple, TypeVar

from spruce.apm.spans import Span, Transaction, current
from spruce.errors import ConfigError

__all__ = [
    "SECONDS",
    "Counter",
    "Exemplar",
    "Gauge",
    "Histogram",
    "Registry",
    "counter",
    "gauge",
    "histogram",
    "registry",
]

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Bounds of buckets for durations, those that Prometheus' clients have, too."""

_RENEWED = 1.0  # seconds after which an exemplar is replaced; sooner nobody asks for it
_MOST = 1000  # of all kinds; more would be a name or label that is made of data
_lock = Lock()
Labels = tuple[tuple[str, str], ...]
M = TypeVar("M", bound="Metric")


class Metric:
    """What is measured under a name, with labels; `kind` is Prometheus' word for it."""

    kind = ""

    def __init__(self, name: str, labels: Labels) -> None:
        self.name = name
        self.labels = labels
        self.value: float = 0

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name} {self.value:g}>"


class Counter(Metric):
    """A number that only grows."""

    kind = "counter"

    def inc(self, amount: float = 1) -> None:
        """Add to it. Raises ValueError for less than nothing."""
        if amount < 0:
            raise ValueError(f"the counter {self.name!r} can't be lowered by {-amount:g}; a gauge can")
        with _lock:
            self.value += amount


class Gauge(Metric):
    """A number that goes up and down."""

    kind = "gauge"

    def set(self, value: float) -> None:
        """Let it be so much."""
        self.value = value

    def inc(self, amount: float = 1) -> None:
        """Add to it."""
        with _lock:
            self.value += amount

    def dec(self, amount: float = 1) -> None:
        """Take away from it."""
        self.inc(-amount)


class Exemplar(NamedTuple):
    """A value of a histogram that stands for its bucket, and where it comes from; `at` is in seconds since 1970."""

    value: float
    trace_id: str
    span_id: str
    at: float


class Histogram(Metric):
    """How often values were how large: `counts` has one more than there are `bounds`, for what is above all.

    `exemplars` has one for each of the counts, None where no sampled transaction has had such a value.
    """

    kind = "histogram"

    def __init__(self, name: str, labels: Labels, bounds: Sequence[float] = SECONDS) -> None:
        super().__init__(name, labels)
        self.bounds = tuple(sorted(bounds))
        self.counts = [0] * (len(self.bounds) + 1)
        self.exemplars: list[Exemplar | None] = [None] * len(self.counts)

    def observe(self, value: float) -> None:
        """Note a value of what runs here."""
        self.note(value, current.get(), time())

    def note(self, value: float, origin: Transaction | Span | None, at: float) -> None:
        """Note a value of `origin`; None: nobody knows whose it is. `at` is in seconds since 1970."""
        place = bisect_left(self.bounds, value)
        with _lock:
            self.counts[place] += 1
            self.value += value
        if origin is not None and origin.transaction.sampled:
            kept = self.exemplars[place]
            if kept is None or abs(at - kept.at) >= _RENEWED:  # a clock may be put back
                self.exemplars[place] = Exemplar(value, origin.transaction.trace_id, origin.id, at)


class Registry:
    """All metrics of a process."""

    def __init__(self) -> None:
        self._made: dict[tuple[str, Labels], Metric] = {}
        self._kinds: dict[str, str] = {}

    def __iter__(self) -> Iterator[Metric]:
        return iter(list(self._made.values()))

    def get(self, kind: type[M], name: str, labels: dict[str, Any], make: Callable[[Labels], M]) -> M:
        """Return the metric of a name and labels, made when it is first asked for.

        Raises ConfigError when the name is that of another kind, or there are a thousand already.
        """
        key: Labels = tuple(sorted((label, str(value)) for label, value in labels.items()))
        found = self._made.get((name, key))
        if found is None:
            self._claim(name, kind)
            with _lock:
                if len(self._made) >= _MOST:
                    raise ConfigError(
                        f"there are {_MOST} metrics, so {name!r} with {dict(key)} can't be one more",
                        hint="A label must not be made of data, such as the number of an order.",
                    )
                found = self._made.setdefault((name, key), make(key))
        if not isinstance(found, kind):
            raise _other_kind(name, found.kind, kind)
        return found

    def _claim(self, name: str, kind: type[Metric]) -> None:
        """Let a name be of one kind, whatever its labels: who reads metrics knows only one of each name."""
        known = self._kinds.get(name, kind.kind)
        if known != kind.kind:
            raise _other_kind(name, known, kind)
        if len(self._made) < _MOST:
            self._kinds[name] = known

    def clear(self) -> None:
        """Forget them all."""
        self._made.clear()
        self._kinds.clear()


def _other_kind(name: str, known: str, kind: type[Metric]) -> ConfigError:
    return ConfigError(f"{name!r} is a {known}, and can't be a {kind.kind} as well")


registry = Registry()
"""The metrics of this process."""


def counter(name: str, **labels: Any) -> Counter:
    """Return the counter of a name and labels. Raises ConfigError as `Registry.get`."""
    return registry.get(Counter, name, labels, lambda key: Counter(name, key))


def gauge(name: str, **labels: Any) -> Gauge:
    """Return the gauge of a name and labels. Raises ConfigError as `Registry.get`."""
    return registry.get(Gauge, name, labels, lambda key: Gauge(name, key))


def histogram(name: str, buckets: Sequence[float] = SECONDS, **labels: Any) -> Histogram:
    """Return the histogram of a name and labels; `buckets` are its bounds. Raises ConfigError as `Registry.get`."""
    return registry.get(Histogram, name, labels, lambda key: Histogram(name, key, buckets))
