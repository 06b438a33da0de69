"""`eventlet.event`: an event that is sent once and waited for by any number of green threads."""

from spruce.green import Event

__all__ = ["Event"]
