"""Signals: functions that are called when objects are saved or deleted, with Django's names and arguments.

    @receiver(post_save, sender=Order)
    def tell(sender, instance, created, **more): ...

Nothing is sent, and no argument made, when nobody listens.
"""

import functools
import inspect
import logging
import weakref
from collections.abc import Callable, Hashable, Sequence
from threading import Lock
from typing import Any, NamedTuple, TypeVar

from spruce import green

__all__ = [
    "Signal",
    "class_prepared",
    "m2m_changed",
    "post_delete",
    "post_migrate",
    "post_save",
    "pre_delete",
    "pre_save",
    "receiver",
]

F = TypeVar("F", bound=Callable[..., Any])

_log = logging.getLogger("spruce.db.signals")


class _Listener(NamedTuple):
    key: Hashable  # by which it is found again
    sender: Any  # whose signals it wants; None: everybody's
    reference: Callable[[], Callable[..., Any] | None]


class Signal:
    """Something that happens, to which functions listen; `listeners` is an empty tuple as long as none does."""

    def __init__(self) -> None:
        self.listeners: tuple[_Listener, ...] = ()
        self._lock = Lock()

    def connect(
        self,
        receiver: Callable[..., Any],
        sender: Any = None,
        weak: bool = True,
        dispatch_uid: Hashable | None = None,
    ) -> None:
        """Call `receiver(signal=…, sender=…, …)` at each signal, or those of one sender; once, however often connected.

        With `weak`, which is the default, it is forgotten when nothing else refers to it, as a function inside of
        another or a method. `dispatch_uid` names it where the same function is made anew. Raises TypeError for one
        that does not take any keywords (`**kwargs`), as signals may get more arguments.
        """
        if not callable(receiver) or not _takes_keywords(receiver):
            raise TypeError(f"{receiver!r} cannot be connected: a receiver takes keywords, as `**kwargs`")
        key = _key(receiver, dispatch_uid)
        reference: Callable[[], Any] = functools.partial(_itself, receiver)
        if weak:
            reference = _weak(receiver, lambda _: self._forget(key, sender))
        with self._lock:
            if not any((each.key, each.sender) == (key, sender) for each in self.listeners):
                self.listeners = (*self.listeners, _Listener(key, sender, reference))

    def disconnect(
        self, receiver: Callable[..., Any] | None = None, sender: Any = None, dispatch_uid: Hashable | None = None
    ) -> bool:
        """Call it no longer; return whether it was connected so."""
        return self._forget(_key(receiver, dispatch_uid), sender)

    def _forget(self, key: Hashable, sender: Any) -> bool:
        with self._lock:
            left = tuple(each for each in self.listeners if (each.key, each.sender) != (key, sender))
            found = len(left) < len(self.listeners)
            self.listeners = left
        return found

    def has_listeners(self, sender: Any = None) -> bool:
        """Whether a signal of this sender would reach anybody."""
        return any(each.sender is None or each.sender is sender for each in self.listeners)

    def send(self, sender: Any, **named: Any) -> list[tuple[Callable[..., Any], Any]]:
        """Call all that listen, in the order in which they were connected; return each with its result.

        What a receiver raises goes on to the caller, and the others are not called. `async` receivers are waited for.
        """
        return [(call, _result(call, self, sender, named)) for call in self._calls(sender)]

    def send_robust(self, sender: Any, **named: Any) -> list[tuple[Callable[..., Any], Any]]:
        """As `send`; an exception is logged and stands in the place of the result."""
        results: list[tuple[Callable[..., Any], Any]] = []
        for call in self._calls(sender):
            try:
                results.append((call, _result(call, self, sender, named)))
            except Exception as error:
                _log.exception("a receiver of a signal raised: %r", call)
                results.append((call, error))
        return results

    def _calls(self, sender: Any) -> list[Callable[..., Any]]:
        found = [each.reference() for each in self.listeners if each.sender is None or each.sender is sender]
        return [call for call in found if call is not None]


def _result(call: Callable[..., Any], signal: Signal, sender: Any, named: dict[str, Any]) -> Any:
    result = call(signal=signal, sender=sender, **named)
    return green.await_(result) if inspect.iscoroutine(result) else result


def _takes_keywords(receiver: Callable[..., Any]) -> bool:
    parameters = inspect.signature(receiver).parameters.values()
    return any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters)


def _key(receiver: Any, dispatch_uid: Hashable | None) -> Hashable:
    if dispatch_uid is not None:
        return dispatch_uid
    if hasattr(receiver, "__self__"):
        return id(receiver.__self__), id(receiver.__func__)
    return id(receiver)


def _itself(receiver: Any) -> Any:
    return receiver


def _weak(receiver: Any, gone: Callable[[Any], Any]) -> Any:
    return weakref.WeakMethod(receiver, gone) if hasattr(receiver, "__self__") else weakref.ref(receiver, gone)


def receiver(signal: Signal | Sequence[Signal], **options: Any) -> Callable[[F], F]:
    """Connect the function below to a signal or to several: `@receiver(post_save, sender=Order)`."""

    def connected(function: F) -> F:
        for each in (signal,) if isinstance(signal, Signal) else signal:
            each.connect(function, **options)
        return function

    return connected


class_prepared = Signal()
"""A model was declared. Sender: the model."""

pre_save = Signal()
"""Before `save()` or `create()` writes. Sender: the model; instance, raw, using, update_fields."""

post_save = Signal()
"""After it has written. Sender: the model; instance, created, raw, using, update_fields."""

pre_delete = Signal()
"""Before an object and what depends on it are deleted. Sender: the model; instance, using, origin."""

post_delete = Signal()
"""After it was deleted. Sender: the model; instance, using, origin: the object or QuerySet whose delete() ran."""

m2m_changed = Signal()
"""A ManyToManyField changes. Sender: the model in between; instance, action, reverse, model, pk_set, using.

`action` is pre_add, post_add, pre_remove, post_remove, pre_clear or post_clear; `pk_set` has the keys on the other
side, and is None for clear.
"""

post_migrate = Signal()
"""`create_all()` has made the tables of all models, or migrations were run. Sender: None; using.

What rows a program always needs can be made here.
"""
