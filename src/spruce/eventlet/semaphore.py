"""`eventlet.semaphore`: semaphores for green threads."""

from spruce.green import BoundedSemaphore, CappedSemaphore, Semaphore

__all__ = ["BoundedSemaphore", "CappedSemaphore", "Semaphore"]
