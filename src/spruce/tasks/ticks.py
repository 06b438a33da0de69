"""The moments at which something is to happen again and again: of an interval, or of a cron expression in a time zone.

Cron arithmetic is cronsim's, which does as Debian's cron when clocks change: what is due at an hour that is left out
happens right after, and what is due in an hour that comes twice happens once; only what runs every hour, or every few
minutes, goes on evenly. (croniter, the other library, has changed hands twice since 2024 and takes the hour twice.)
"""

import math
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Protocol
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

from spruce import config
from spruce.errors import InvalidTask

__all__ = ["Cron", "Every", "Ticks"]

_NAMES = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}


class Ticks(Protocol):
    """Moments without end, as seconds since the epoch."""

    def after(self, moment: float) -> float:
        """The first one later than a moment."""
        ...

    def last(self, moment: float) -> float:
        """The last one that is not later than a moment."""
        ...


class Every:
    """Multiples of an interval since the epoch: every 15 minutes is on the quarter of the hour, for all workers."""

    def __init__(self, interval: timedelta | float) -> None:
        self.seconds = interval.total_seconds() if isinstance(interval, timedelta) else float(interval)
        if not self.seconds >= 0.01 or math.isinf(self.seconds):
            raise InvalidTask(f"every={interval!r} is no time between two runs", hint="Give seconds or a timedelta.")

    def __str__(self) -> str:
        return f"every {timedelta(seconds=self.seconds)}"

    def after(self, moment: float) -> float:
        """The first multiple later than a moment."""
        return (math.floor(moment / self.seconds) + 1) * self.seconds

    def last(self, moment: float) -> float:
        """The last multiple that is not later than a moment."""
        return math.floor(moment / self.seconds) * self.seconds


class Cron:
    """A cron expression of five fields, or six with seconds first, or a name as @daily; in a zone, else TIME_ZONE."""

    def __init__(self, expression: str, zone: str | None = None) -> None:
        self.expression = _NAMES.get(expression.strip().lower(), expression)
        self.zone = zone
        try:
            CronSim(self.expression, datetime(2026, 1, 1, tzinfo=UTC))
            _zone(zone or "UTC")
        except (CronSimError, ValueError, KeyError) as error:
            what = f"cron={expression!r}" if isinstance(error, CronSimError) else f"tz={zone!r}"
            raise InvalidTask(
                f"{what} cannot be read: {error}", hint="As in cron='30 3 * * MON-FRI', tz='Europe/Berlin'."
            ) from None

    def __str__(self) -> str:
        return f"{self.expression} {self.zone or config.current()['TIME_ZONE']}"

    def after(self, moment: float) -> float:
        """The first tick later than a moment."""
        return next(CronSim(self.expression, self._at(moment))).timestamp()

    def last(self, moment: float) -> float:
        """The last tick that is not later than a moment."""
        return next(CronSim(self.expression, self._at(math.floor(moment) + 1), reverse=True)).timestamp()

    def _at(self, moment: float) -> datetime:
        return datetime.fromtimestamp(moment, _zone(self.zone or config.current()["TIME_ZONE"]))


@lru_cache
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)
