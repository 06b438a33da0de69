"""`eventlet.queue`: queues between green threads."""

from spruce.green import Empty, Full, LifoQueue, LightQueue, PriorityQueue, Queue

__all__ = ["Empty", "Full", "LifoQueue", "LightQueue", "PriorityQueue", "Queue"]
