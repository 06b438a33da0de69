"""`eventlet.greenthread`: green threads, started and ended."""

from spruce.green import GreenletExit, GreenThread, getcurrent, kill, sleep, spawn, spawn_after, spawn_n

__all__ = ["GreenThread", "GreenletExit", "getcurrent", "kill", "sleep", "spawn", "spawn_after", "spawn_n"]
