"""`eventlet.tpool`: OS threads for calls that block."""

from spruce.green.tpool import execute

__all__ = ["execute"]
