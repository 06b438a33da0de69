"""A hook: a place in a layer where it tells what it just did, to whoever subscribed.

A hook without subscribers costs one attribute test, because callers look first and build the attributes only then:

    if request_finished.subscribers:
        request_finished.emit(request=request, response=response, seconds=clock() - start)
"""

from collections.abc import Callable, Mapping
from logging import getLogger
from threading import Lock
from types import MappingProxyType
from typing import NamedTuple

__all__ = ["Event", "Hook", "Subscriber"]

_log = getLogger("spruce.events")
_subscribing = Lock()


class Event(NamedTuple):
    """What a subscriber is given: the hook's name and read-only attributes, as `event["seconds"]`."""

    name: str
    attributes: Mapping[str, object] = MappingProxyType({})

    def __getitem__(self, key: str) -> object:  # type: ignore[override] # a tuple only because that is made fastest
        return self.attributes[key]


Subscriber = Callable[[Event], object]


class Hook:
    """A named place to subscribe to; `subscribers` is an empty tuple as long as nobody does."""

    __slots__ = ("__weakref__", "doc", "name", "subscribers")

    def __init__(self, name: str, doc: str = "") -> None:
        self.name = name
        self.doc = doc
        self.subscribers: tuple[Subscriber, ...] = ()

    def __repr__(self) -> str:
        return f"<Hook {self.name}: {len(self.subscribers)} subscribers>"

    def subscribe(self, subscriber: Subscriber) -> Callable[[], None]:
        """Call `subscriber(event)` at each emit, in the order of subscribing; return what ends that.

        The returned callable may be called more than once. Subscribing is safe from any thread and holds for the whole
        process.
        """
        with _subscribing:
            self.subscribers = (*self.subscribers, subscriber)
        pending = [subscriber]

        def unsubscribe() -> None:
            with _subscribing:
                if pending:
                    pending.clear()
                    remaining = list(self.subscribers)
                    remaining.remove(subscriber)
                    self.subscribers = tuple(remaining)

        return unsubscribe

    def emit(self, **attributes: object) -> None:
        """Give every subscriber an `Event` with `attributes`.

        A subscriber runs in the caller's green thread and may block it. One that raises an `Exception` is logged under
        `spruce.events`; the caller and the other subscribers go on.
        """
        subscribers = self.subscribers
        if not subscribers:
            return
        event = Event(self.name, MappingProxyType(attributes))
        for subscriber in subscribers:
            try:
                subscriber(event)
            except Exception:
                _log.exception("a subscriber of %s raised: %r", self.name, subscriber)
