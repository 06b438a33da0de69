"""`eventlet.support.greenlets`: the greenlet library, whose names some programs take from here."""

import sys

from spruce.green import GreenletExit

__all__ = ["GreenletExit", "getcurrent", "greenlet"]

_greenlet = sys.modules["greenlet"]  # green has imported it

getcurrent = _greenlet.getcurrent
greenlet = _greenlet.greenlet
