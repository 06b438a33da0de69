"""A hook: a place in a layer where it tells what it just did, to whoever subscribed.

A hook without subscribers costs one attribute test, because callers look first and build the attributes only then:

    if request_finished.subscribers:
        request_finished.emit(request=request, response=response, seconds=clock() - start)

Who must cost little in each request takes `subscribe_plain`: it gets the dict of attributes itself, no event.
"""

from collections.abc import Callable, Mapping
from logging import getLogger
from threading import Lock
from types import MappingProxyType
from typing import Any, NamedTuple

__all__ = ["Event", "Hook", "PlainSubscriber", "Subscriber"]

_log = getLogger("spruce.events")
_subscribing = Lock()


class Event(NamedTuple):
    """What a subscriber is given: the hook's name and read-only attributes, as `event["seconds"]`."""

    name: str
    attributes: Mapping[str, object] = MappingProxyType({})

    def __getitem__(self, key: str) -> object:  # type: ignore[override] # a tuple only because that is made fastest
        return self.attributes[key]


Subscriber = Callable[[Event], object]
PlainSubscriber = Callable[[dict[str, Any]], object]


class Hook:
    """A named place to subscribe to; `subscribers` is an empty tuple as long as nobody does.

    `wants_events` tells whether any of them is given an `Event`: what is dear to find out, and what plain subscribers
    can find out themselves, may be left out where none is.
    """

    __slots__ = ("__weakref__", "_calls", "doc", "name", "subscribers", "wants_events")

    def __init__(self, name: str, doc: str = "") -> None:
        self.name = name
        self.doc = doc
        self._calls: tuple[tuple[Callable[[Any], object], bool], ...] = ()  # each with whether it is plain
        self._changed()

    def __repr__(self) -> str:
        return f"<Hook {self.name}: {len(self.subscribers)} subscribers>"

    def _changed(self) -> None:
        self.subscribers: tuple[Callable[[Any], object], ...] = tuple(subscriber for subscriber, _ in self._calls)
        self.wants_events = not all(plain for _, plain in self._calls)

    def subscribe(self, subscriber: Subscriber) -> Callable[[], None]:
        """Call `subscriber(event)` at each emit, in the order of subscribing; return what ends that.

        The returned callable may be called more than once. Subscribing is safe from any thread and holds for the whole
        process.
        """
        return self._subscribe((subscriber, False))

    def subscribe_plain(self, subscriber: PlainSubscriber) -> Callable[[], None]:
        """`subscribe`, but it is given the dict of attributes, which is the same for all and must stay as it is."""
        return self._subscribe((subscriber, True))

    def _subscribe(self, call: tuple[Callable[[Any], object], bool]) -> Callable[[], None]:
        with _subscribing:
            self._calls = (*self._calls, call)
            self._changed()
        pending = [call]

        def unsubscribe() -> None:
            with _subscribing:
                if pending:
                    pending.clear()
                    remaining = list(self._calls)
                    remaining.remove(call)
                    self._calls = tuple(remaining)
                    self._changed()

        return unsubscribe

    def emit(self, **attributes: object) -> None:
        """Give every subscriber an `Event` with `attributes`.

        A subscriber runs in the caller's green thread and may block it. One that raises an `Exception` is logged under
        `spruce.events`; the caller and the other subscribers go on.
        """
        self.tell(attributes)

    def tell(self, attributes: dict[str, Any]) -> None:
        """`emit` of attributes that are a dict already, which nobody else has."""
        event: Event | None = None
        for subscriber, plain in self._calls:
            try:
                if plain:
                    subscriber(attributes)
                else:
                    event = event or Event(self.name, MappingProxyType(attributes))
                    subscriber(event)
            except Exception:
                _log.exception("a subscriber of %s raised: %r", self.name, subscriber)
