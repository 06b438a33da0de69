"""The records of jobs that Celery carries: what is known of each, in Redis, with the rule that fences off the dead.

Celery's own results tell neither a job that waits from one that never was, nor attempts, progress or what follows what;
and its broker in Redis hands a message out before it has noted to whom, so that a worker that is killed right then
takes it along. So the record is what counts, and a message is no more than the call to look at it: one that is lost is
given again (`missing`), and one that comes twice changes nothing.

The methods have the names of those of `Store`. They block the OS thread: `tpool` is for who must not.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import redis

from spruce.tasks.recordscripts import SCRIPTS
from spruce.tasks.store import COLUMNS, MOST_LOST, Claim, Mark

__all__ = ["STEPS", "Records", "step_of"]

STEPS = 10
"""Celery's brokers know so many priorities; 0 goes first."""

_PREFIX = "spruce:tasks:"
_WHOLE = frozenset({"priority", "attempts", "lost", "fence", "slots", "pending", "turn", "step"})
_TIMES = frozenset({"run_after", "tick", "enqueued", "started", "attempted", "finished"})
_TRUTHS = frozenset({"leads", "cancelling"})
_KILLER = f'["spruce.errors.TaskException", "its worker has died {MOST_LOST} times in the middle of it"]'
_LISTS = {"READY": "ready", "WAITING": "waiting", "BLOCKED": "blocked", "RUNNING": "running", "FAILED": "failed"}
_MOST_AT_ONCE = 100


def step_of(priority: int) -> int:
    """The broker's priority for one from -100 to 100."""
    return min(STEPS - 1, (priority + 100) * STEPS // 201)


class Records:
    """The records in the Redis of a URL; those of jobs that have ended are kept for `keep` seconds."""

    def __init__(self, url: str, keep: float) -> None:
        self.keep = keep
        self.client: Any = redis.Redis.from_url(url, decode_responses=True, socket_timeout=10.0)
        self._scripts = {name: self.client.register_script(text) for name, text in SCRIPTS.items()}

    def _run(self, name: str, *args: Any) -> Any:
        return self._scripts[name](keys=[_PREFIX], args=args)

    # ---- entering ---------------------------------------------------------------------------------------------------

    def enter(self, rows: Sequence[Mapping[str, Any]]) -> list[str]:
        """Enter jobs, all or none; return their ids, that of the unfinished one of the same `unique_key`, or "".

        That is for an id that is there already, as a tick that another one has enqueued.
        """
        entered: list[str] = self._run("enter", *(json.dumps(_packed(row)) for row in rows))
        return entered

    def forget(self, ids: Sequence[str]) -> None:
        """Remove jobs that could not be given to the broker."""
        self._run("forget", *ids)

    # ---- running ----------------------------------------------------------------------------------------------------

    def begin(self, id: str, turn: int, worker: str, now: float, again: bool) -> tuple[Claim | None, list[str]]:  # noqa: A002 - as the column
        """Claim the job of a message; None if that is out of date. And the ids of jobs to be given to the broker."""
        told, *rest = self._run("begin", id, turn, worker, now, int(again), MOST_LOST, self.keep, _KILLER)
        if told == "give":
            return None, rest
        return _claim(_row(dict(zip(rest[::2], rest[1::2], strict=True)))), []

    def end(self, mark: Mark, now: float) -> list[str] | None:
        """Write how an attempt has ended; return the jobs to be given to the broker, None if it came too late."""
        claim, error = mark.claim, mark.error
        ended = (mark.state, mark.finished or now, mark.result or "", error, mark.run_after)
        counts = (0 if mark.counts else -1, int(mark.lost))
        given: list[str] | None = self._run("end", claim.id, claim.fence, *ended, *counts, now, self.keep)
        return given

    def progress(self, id: str, fence: int, text: str) -> None:  # noqa: A002 - as the column
        """Write how far a job is."""
        self._run("progress", id, fence, text)

    def claim_of(self, id: str) -> Claim | None:  # noqa: A002 - as the column
        """What the worker of a job that runs has in hand; None if it doesn't run."""
        row = self.get(id)
        return _claim(row) if row is not None and row["state"] == "RUNNING" else None

    def results_of(self, ended: str) -> list[str]:
        """What a job, or those of a group in their order, have returned, as JSON."""
        ids = self.client.lrange(f"{_PREFIX}group:{ended}", 0, -1) or [ended]
        found = [self.client.hget(f"{_PREFIX}job:{id_}", "result") for id_ in ids]
        return [result for result in found if result is not None]

    # ---- lost and found ---------------------------------------------------------------------------------------------

    def unended(self, queue: str, step: int, before: float) -> dict[str, str]:
        """The turns of jobs given to the broker, or begun, before a time, by id; a hundred of each state at most."""
        place = f"{queue}:{step}"
        keys = [f"{_PREFIX}{name}:{place}" for name in ("ready", "waiting", "running")]
        ids = [id_ for key in keys for id_ in self.client.zrangebyscore(key, "-inf", before, 0, _MOST_AT_ONCE)]
        return {id_: self.client.hget(f"{_PREFIX}job:{id_}", "turn") for id_ in ids}

    def resend(self, turns: Mapping[str, str], now: float) -> list[str]:
        """Of jobs that were seen with these turns, those that nobody else gives to the broker again."""
        given: list[str] = self._run("resend", now, *(text for pair in turns.items() for text in pair))
        return given

    def trim(self, before: float) -> None:
        """Forget that jobs have failed before a time; their records are gone."""
        for queue in self.queues():
            for step in range(STEPS):
                self.client.zremrangebyscore(f"{_PREFIX}failed:{queue}:{step}", "-inf", before)

    # ---- schedules --------------------------------------------------------------------------------------------------

    def tick(self, name: str) -> tuple[str, float, bool] | None:
        """What a schedule was computed from, when it is due next, and whether it is paused."""
        found = self.client.hmget(f"{_PREFIX}schedule:{name}", "definition", "next_at", "paused")
        return None if found[0] is None else (found[0], float(found[1]), found[2] == "1")

    def ticks(self) -> list[tuple[str, str, float, float | None, bool]]:
        """All schedules that have been begun: name, definition, next and last tick, paused."""
        found = []
        for name in sorted(self.client.smembers(f"{_PREFIX}schedules")):
            row = self.client.hgetall(f"{_PREFIX}schedule:{name}")
            last = float(row["last_at"]) if "last_at" in row else None
            found.append((name, row["definition"], float(row["next_at"]), last, row.get("paused") == "1"))
        return found

    def plant(self, name: str, definition: str, next_at: float, before: str | None) -> None:
        """Begin a schedule, or begin it anew if it was computed from `before`; whoever comes second changes nothing."""
        self._run("plant", name, definition, repr(next_at), before or "")

    def advance(self, name: str, due: float, next_at: float) -> bool:
        """Move a schedule on from the tick `due`; False if somebody else has done so."""
        return bool(self._run("advance", name, repr(due), repr(next_at)))

    def pause(self, name: str, paused: bool) -> bool:
        """Have a schedule enqueue nothing, or go on; False if there is none of this name."""
        key = f"{_PREFIX}schedule:{name}"
        if not self.client.exists(key):
            return False
        self.client.hset(key, "paused", int(paused))
        return True

    # ---- from outside -----------------------------------------------------------------------------------------------

    def get(self, id: str) -> dict[str, Any] | None:  # noqa: A002 - as the column
        """The record of a job."""
        found = self.client.hgetall(f"{_PREFIX}job:{id}")
        return _row(found) if found else None

    def queues(self) -> list[str]:
        """The queues that jobs have been in."""
        return sorted(self.client.smembers(f"{_PREFIX}queues"))

    def listed(self, state: str, limit: int) -> list[dict[str, Any]]:
        """The records of jobs that run, wait or have failed: of the latter the latest first."""
        found: list[tuple[str, float]] = []
        for queue in self.queues():
            for step in range(STEPS):
                key = f"{_PREFIX}{_LISTS[state]}:{queue}:{step}"
                found += self.client.zrange(key, 0, limit - 1, desc=state == "FAILED", withscores=True)
        found.sort(key=lambda pair: pair[1], reverse=state == "FAILED")
        rows = (self.get(id_) for id_, _ in found[:limit])
        return [row for row in rows if row is not None]

    def counts(self) -> list[tuple[str, str, int, float | None]]:
        """How many jobs have not ended well, by queue and state, and since when the first of them is in it."""
        places = [(queue, state, name) for queue in self.queues() for state, name in _LISTS.items()]
        counts = [(queue, state, *self._counted(f"{name}:{queue}")) for queue, state, name in places]
        return [row for row in counts if row[2]]

    def _counted(self, place: str) -> tuple[int, float | None]:
        pipe = self.client.pipeline(transaction=False)
        for step in range(STEPS):
            pipe.zcard(f"{_PREFIX}{place}:{step}")
            pipe.zrange(f"{_PREFIX}{place}:{step}", 0, 0, withscores=True)
        told = pipe.execute()
        return sum(told[::2]), min((first[0][1] for first in told[1::2] if first), default=None)

    def cancel(self, id: str, now: float) -> Any:  # noqa: A002 - as the column
        """Keep a job from running: 0 if it has ended, 1 if it waited, 2 if it runs and has to be stopped, too."""
        return self._run("cancel", id, now, self.keep)

    def replay(self, id: str, slot: str | None, slots: int, now: float) -> bool:  # noqa: A002 - as the column
        """Have a job that has failed or was cancelled run again, once it is given to the broker; False if neither."""
        return bool(self._run("replay", id, now))

    def clear(self, id: str) -> bool:  # noqa: A002 - as the column
        """Remove a job that has ended; False if it has not."""
        return bool(self._run("clear", id))

    def close(self) -> None:
        """Close the connections."""
        self.client.close()


def _packed(row: Mapping[str, Any]) -> dict[str, str]:
    """The fields of a record as texts; those that are nothing are not there."""
    named: Iterable[tuple[str, Any]] = ((name, row.get(name)) for name in (*COLUMNS, "turn", "step"))
    return {name: str(int(v)) if v.__class__ is bool else str(v) for name, v in named if v is not None}


def _row(fields: Mapping[str, str]) -> dict[str, Any]:
    """The fields of a record as values, as a row of the table has them."""
    row: dict[str, Any] = {**dict.fromkeys(COLUMNS), "errors": "", "workers": "", **dict.fromkeys(_WHOLE, 0)}
    for name, text in fields.items():
        if name in _WHOLE:
            row[name] = int(text)
        elif name in _TIMES:
            row[name] = float(text)
        else:
            row[name] = text == "1" if name in _TRUTHS else text
    return row


def _claim(row: Mapping[str, Any]) -> Claim:
    return Claim(*(row[name] for name in Claim._fields))
