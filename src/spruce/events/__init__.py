"""Hooks that layers announce themselves with: the access log, the debug page and tests subscribe to them."""

from spruce.events import hooks
from spruce.events.hook import Event, Hook, PlainSubscriber, Subscriber
from spruce.events.hooks import *  # noqa: F403 - the module's own __all__ is the list of its names

__all__ = ["Event", "Hook", "PlainSubscriber", "Subscriber"]
__all__ += hooks.__all__
