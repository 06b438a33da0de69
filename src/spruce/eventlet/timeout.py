"""`eventlet.timeout`: a timeout that is raised in the green thread which set it."""

from spruce.green import Timeout, is_timeout, with_timeout

__all__ = ["Timeout", "is_timeout", "with_timeout"]
