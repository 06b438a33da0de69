"""Calls at their times: the standard library's `sched`, cooperative inside green threads."""

from spruce.sched.scheduler import Event, scheduler

__all__ = ["Event", "scheduler"]
