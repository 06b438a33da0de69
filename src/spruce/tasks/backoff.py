"""How long to wait before a job is tried again."""

import random
from collections.abc import Callable, Sequence

from spruce.errors import InvalidTask

__all__ = ["Backoff", "check", "delay"]

Backoff = float | Sequence[float] | Callable[[int], float]
"""Seconds before the second attempt, doubled for each later one; or a list of them; or what tells them of a number."""

_LONGEST = 3600.0


def check(backoff: Backoff) -> None:
    """Raise InvalidTask for what is none."""
    if callable(backoff):
        return
    given = [backoff] if isinstance(backoff, int | float) else list(backoff)
    if not given or any(not isinstance(one, int | float) or one < 0 for one in given):
        raise InvalidTask(
            f"backoff={backoff!r} is no time to wait",
            hint="Give seconds, which double with each attempt, a list of seconds, or a function of the attempt.",
        )


def delay(backoff: Backoff, attempt: int, chance: Callable[[], float] = random.random) -> float:
    """The seconds to wait after attempt number `attempt` has failed, an hour at most.

    Of seconds that double or are listed, up to a quarter is taken off at random, so that jobs that failed together do
    not come back together. What a function returns is taken as it is.
    """
    if callable(backoff):
        return max(0.0, float(backoff(attempt)))
    if isinstance(backoff, int | float):
        seconds = backoff * 2.0 ** min(attempt - 1, 30)
    else:
        seconds = backoff[min(attempt, len(backoff)) - 1]
    return min(seconds, _LONGEST) * (1 - chance() / 4)
