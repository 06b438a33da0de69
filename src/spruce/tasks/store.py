"""The jobs in a database: every step that moves one from state to state, and the rule that fences off the dead.

    WAITING   for its time, or to be tried again        → READY or HELD, when it is due (`promote`)
    BLOCKED   until those that it follows have ended    → WAITING (a mark of the last of them), or CANCELLED
    HELD      until there is room under `concurrency`   → READY (`admit`)
    READY     for a worker                              → RUNNING (`claim`, by a worker)
    RUNNING   by the worker that the row names          → SUCCESSFUL, FAILED, WAITING, CANCELLED (a mark, of that worker
                                                          only), READY (the same, when it hands the job back; or
                                                          `release`, by any worker, once the worker is dead)
    SUCCESSFUL, FAILED, CANCELLED                       → READY (`replay`); removed in the end (`sweep`)

**The fencing rule.** Each claim adds one to the row's `fence`, and the worker keeps that number. What it has to say of
the job afterwards, a mark, names the number, and changes the row only where it is RUNNING with this very number. A
worker that was taken for dead, and wakes up late, finds its number outdated: its mark changes nothing, and where the
job's own writes share the mark's transaction (`atomic`), they are rolled back with it.

**Who is dead.** A worker with jobs adds one to its `beat` every so often. Another one that has seen the same beat for
long, by its own clock that only goes forward, removes the worker's row, if the beat is still that one; and jobs whose
worker has no row are released. So neither the clocks of machines nor those of the database are ever compared, and a
worker that cannot reach the database is dead, which is all that the others can know of it. On the same machine a
worker whose process is gone is dead at once.

Claims take the lowest priority first, then the job that has been due for longest, then the one that came first. SQL is
written by hand for speed, with ? for parameters, and made the database's own when a store is made.
"""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from spruce.tasks.roster import Roster
from spruce.tasks.tables import Job

__all__ = ["MOST_LOST", "Claim", "Mark", "Store"]

MOST_LOST = 10
"""A job that has taken so many workers with it is given up."""

COLUMNS = tuple(field.attname for field in Job._meta.fields)
_CLAIMED = (
    "id, task, queue, priority, run_after, arguments, attempts, lost, fence, workers, errors, follows, group_id, "
    "leads, slot, schedule, tick, enqueued, started"
)
_ENDED = ("SUCCESSFUL", "FAILED", "CANCELLED")


class Claim(NamedTuple):
    """A job that a worker has in hand; `attempts`, `fence` and `workers` count this attempt."""

    id: str
    task: str
    queue: str
    priority: int
    run_after: float
    arguments: str
    attempts: int
    lost: int
    fence: int
    workers: str
    errors: str
    follows: str | None
    group_id: str | None
    leads: bool
    slot: str | None
    schedule: str | None
    tick: float | None
    enqueued: float
    started: float | None


class Mark(NamedTuple):
    """What a worker says of a job at the end of an attempt: its new state, and what goes with it."""

    claim: Claim
    state: str
    finished: float | None = None
    result: str | None = None
    error: str = ""
    run_after: float = 0.0
    counts: bool = True
    """Whether this was an attempt; one that is handed back was none."""
    lost: bool = False
    """Whether it was ended by something else than the job, as an attempt whose worker died."""


class Store(Roster):
    """The jobs in the database of an alias, with the workers and schedules in it."""

    # ---- entering ---------------------------------------------------------------------------------------------------

    def add(self, row: dict[str, Any], channel: str = "") -> str:
        """Enter a job; return its id, or that of the unfinished one that has the same `unique_key` already.

        With a `channel`, PostgreSQL's NOTIFY tells the queue to all who listen.
        """
        given = _DEFAULTS | row
        values = [given[name] for name in COLUMNS]
        if row["unique_key"] is None:
            if channel:
                self._rows(_INSERT_AND_NOTIFY, *values, channel)
            else:
                self._change(_INSERT, *values)
            return str(row["id"])
        if channel:
            self._rows("SELECT pg_notify(?, ?)", channel, row["queue"])
        while not self._change(_INSERT + _UNLESS_THERE, *values):
            found = self._rows("SELECT id FROM spruce_task WHERE unique_key = ?", row["unique_key"])
            if found:
                return str(found[0][0])
        return str(row["id"])

    # ---- running ----------------------------------------------------------------------------------------------------

    def has_ready(self, queues: Sequence[str]) -> bool:
        """Whether a claim would find something; cheaper than a claim that finds nothing."""
        parts = " OR ".join("EXISTS (SELECT 1 FROM spruce_task WHERE state = 'READY' AND queue = ?)" for _ in queues)
        return bool(self._rows(f"SELECT 1 WHERE {parts}", *queues))

    def claim(self, worker: str, queues: Sequence[str], limit: int, now: float) -> list[Claim]:
        """Take up to `limit` jobs of these queues for a worker, those that go first in front."""
        sql = _claim_sql(len(queues), self.on_postgres)
        parameters = [value for queue in queues for value in (queue, limit)]
        rows = self._rows(sql, worker, f" {worker}", now, now, *parameters, limit)
        return sorted((Claim(*row) for row in rows), key=lambda claim: (claim.priority, claim.run_after, claim.id))

    def mark(self, marks: Sequence[Mark], now: float) -> list[Mark]:
        """Write how attempts have ended; return those marks that came too late and changed nothing."""
        if not marks:
            return []
        late = self._mark_together(marks) if self.on_postgres and len(marks) > 1 else self._mark_each(marks)
        slots = set()
        for mark in marks:
            claim = mark.claim
            if (claim.leads or claim.group_id or claim.slot) and mark not in late:
                if mark.state in _ENDED:
                    self.settle(claim.id, claim.group_id, mark.state, now)
                if claim.slot is not None:
                    slots.add(claim.slot)
        self.admit(slots)
        return late

    def _mark_each(self, marks: Sequence[Mark]) -> list[Mark]:
        return [mark for mark in marks if not self._change(_MARK, *_values(mark))]

    def _mark_together(self, marks: Sequence[Mark]) -> list[Mark]:
        columns = [list(column) for column in zip(*map(_values, marks), strict=True)]
        done = {row[0] for row in self._rows(_MARK_TOGETHER, *columns)}
        return [mark for mark in marks if mark.claim.id not in done]

    def settle(self, id: str, group: str | None, state: str, now: float) -> None:  # noqa: A002 - as the column
        """Let those that follow a job, or its group, know that it has ended."""
        for ended in filter(None, (id, group)):
            if state == "SUCCESSFUL":
                self._change(_ONE_LESS, ended)
                self._change(_UNBLOCK, now, ended)
                continue
            lost = self._rows(_CANCEL_FOLLOWERS, now, f"{_PREDECESSOR % (ended, state.lower())}\n", ended)
            for follower, its_group in lost:
                self.settle(follower, its_group, "CANCELLED", now)

    # ---- waiting ----------------------------------------------------------------------------------------------------

    def next_due(self) -> float | None:
        """When the first of those that wait for their time is due; None if none does."""
        return self._rows("SELECT min(run_after) FROM spruce_task WHERE state = 'WAITING'")[0][0]  # type: ignore[no-any-return] # a time

    def promote(self, now: float) -> int:
        """Let those whose time has come get ready, a thousand at most; return how many."""
        with self.atomic():
            rows = self._rows(_PROMOTE % ("FOR UPDATE SKIP LOCKED" if self.on_postgres else ""), now)
            self.admit({slot for (slot,) in rows if slot is not None})
        return len(rows)

    def admit(self, slots: Iterable[str]) -> int:
        """Let those get ready that were held back, as there is room; inside of a transaction. Return how many."""
        admitted = 0
        for slot in sorted(slots):
            if self.on_postgres:
                self._rows("SELECT pg_advisory_xact_lock(7381922, hashtext(?))", slot)
            ((active,),) = self._rows(_ACTIVE, slot, slot)
            held = self._rows("SELECT slots FROM spruce_task WHERE state = 'HELD' AND slot = ? LIMIT 1", slot)
            if held and active < held[0][0]:
                admitted += self._change(_ADMIT, slot, held[0][0] - active)
        return admitted

    def held(self) -> list[str]:
        """The slots for which jobs are held back."""
        return [row[0] for row in self._rows("SELECT DISTINCT slot FROM spruce_task WHERE state = 'HELD'")]

    def queues(self) -> list[str]:
        """The queues in which jobs are ready."""
        return [row[0] for row in self._rows(_QUEUES) if row[0] is not None]

    # ---- workers ----------------------------------------------------------------------------------------------------

    def has_orphans(self) -> bool:
        """Whether there are jobs whose worker is dead."""
        return bool(self._rows(f"SELECT 1 FROM spruce_task WHERE {_ORPHANED} LIMIT 1"))  # noqa: S608 - made of constants

    def release(self, now: float) -> int:
        """Get the jobs of the dead ready again, and give up those that keep killing workers; return how many."""
        with self.atomic():
            given_up = self._rows(_GIVE_UP, now, f"{_KILLER}\n", MOST_LOST)
            for id_, group in given_up:
                self.settle(id_, group, "FAILED", now)
            released = self._change(_RELEASE)
        return released + len(given_up)

    def told(self, worker: str, progress: dict[str, tuple[int, str]]) -> list[str]:
        """Write the progress of jobs, by id with their fences; return which of the worker's are to be cancelled."""
        for id_, (fence, text) in progress.items():
            self._change(
                "UPDATE spruce_task SET progress = ? WHERE id = ? AND fence = ? AND state = 'RUNNING'", text, id_, fence
            )
        rows = self._rows("SELECT id FROM spruce_task WHERE state = 'RUNNING' AND worker = ? AND cancelling", worker)
        return [row[0] for row in rows]

    # ---- from outside -----------------------------------------------------------------------------------------------

    def get(self, id: str) -> dict[str, Any] | None:  # noqa: A002 - as the column
        """The row of a job."""
        rows = self._rows(f"SELECT {_NAMES} FROM spruce_task WHERE id = ?", id)  # noqa: S608 - made of constants
        return dict(zip(COLUMNS, rows[0], strict=True)) if rows else None

    def listed(self, state: str, limit: int) -> list[dict[str, Any]]:
        """The rows of jobs in a state: of those that have ended the latest first."""
        order = "finished DESC" if state in _ENDED else "worker, id" if state == "RUNNING" else "id"  # as indexes are
        ended = "finished IS NOT NULL AND " if state in _ENDED else ""
        sql = f"SELECT {_NAMES} FROM spruce_task WHERE {ended}state = '{state}' ORDER BY {order} LIMIT ?"  # noqa: S608 - made of constants
        return [dict(zip(COLUMNS, row, strict=True)) for row in self._rows(sql, limit)]

    def counts(self) -> list[Any]:
        """How many jobs have not ended well, by queue and state, and when the first of them was due."""
        return self._rows(_COUNTS)

    def clear(self, id: str) -> bool:  # noqa: A002 - as the column
        """Remove a job that has ended; False if it has not."""
        return self._change("DELETE FROM spruce_task WHERE id = ? AND finished IS NOT NULL", id) > 0

    def results_of(self, ended: str) -> list[str]:
        """What a job, or those of a group in their order, have returned, as JSON."""
        sql = "SELECT result FROM spruce_task WHERE (id = ? OR group_id = ?) AND state = 'SUCCESSFUL' ORDER BY id"
        return [row[0] for row in self._rows(sql, ended, ended)]

    def cancel(self, id: str, now: float) -> bool:  # noqa: A002 - as the column
        """Keep a job from running, or ask its worker to stop it; False if it has ended."""
        with self.atomic():
            gone = self._rows(_CANCEL, now, id)
            for group, slot in gone:
                self.settle(id, group, "CANCELLED", now)
                self.admit([slot] if slot else [])
            asked = not gone and self._change(_ASK_TO_STOP, id)
        return bool(gone or asked)

    def replay(self, id: str, slot: str | None, slots: int, now: float) -> bool:  # noqa: A002 - as the column
        """Have a job that has failed or was cancelled run again, with all its retries; False if it is neither."""
        with self.atomic():
            changed = self._change(_REPLAY, "READY" if slot is None else "HELD", slot, slots, now, id)
            self.admit([slot] if changed and slot else [])
        return changed > 0

    def sweep(self, before: float, failed_before: float) -> int:
        """Remove jobs that ended before these times, a thousand of each kind; return how many."""
        limits = (("SUCCESSFUL", before), ("CANCELLED", before), ("FAILED", failed_before))
        return sum(self._change(_SWEEP, state, limit, state) for state, limit in limits)


_NAMES = ", ".join(COLUMNS)
_COUNTS = " UNION ALL ".join(  # each by its own index, past those that have ended well
    f"SELECT queue, '{state}', count(*), min(run_after) FROM spruce_task WHERE state = '{state}'{ended} GROUP BY queue"  # noqa: S608 - made of constants
    for state, ended in [
        *((state, "") for state in ("READY", "WAITING", "BLOCKED", "HELD", "RUNNING")),
        ("FAILED", " AND finished IS NOT NULL"),
    ]
)
_DEFAULTS: dict[str, Any] = {
    **dict.fromkeys(COLUMNS),
    **dict.fromkeys(("attempts", "lost", "fence", "slots", "pending"), 0),
    **dict.fromkeys(("leads", "cancelling"), False),
    **dict.fromkeys(("workers", "errors"), ""),
}
_INSERT = f"INSERT INTO spruce_task ({_NAMES}) VALUES ({', '.join('?' * len(COLUMNS))})"  # noqa: S608 - made of constants
_INSERT_AND_NOTIFY = f"WITH entered AS ({_INSERT} RETURNING queue) SELECT pg_notify(?, queue) FROM entered"  # noqa: S608 - the same
_UNLESS_THERE = " ON CONFLICT (unique_key) WHERE unique_key IS NOT NULL DO NOTHING"
_PREDECESSOR = '["spruce.errors.TaskException", "job %s, which this one follows, is %s"]'
_KILLER = f'["spruce.errors.TaskException", "its worker has died {MOST_LOST} times in the middle of it"]'

_MARK = """UPDATE spruce_task SET state = ?, finished = ?, result = ?, errors = errors || ?,
    run_after = ?, attempts = attempts - ?, lost = lost + ?,
    unique_key = CASE WHEN ? THEN NULL ELSE unique_key END, slot = CASE WHEN ? THEN NULL ELSE slot END,
    worker = NULL, cancelling = FALSE WHERE id = ? AND fence = ? AND state = 'RUNNING'"""
_MARK_TOGETHER = """UPDATE spruce_task SET state = m.state, finished = m.finished, result = m.result,
    errors = errors || m.error, run_after = m.run_after, attempts = attempts - m.uncounted,
    lost = spruce_task.lost + m.losses,
    unique_key = CASE WHEN m.ended THEN NULL ELSE unique_key END, slot = CASE WHEN m.ended THEN NULL ELSE slot END,
    worker = NULL, cancelling = FALSE
    FROM unnest(?::TEXT[], ?::DOUBLE PRECISION[], ?::TEXT[], ?::TEXT[], ?::DOUBLE PRECISION[], ?::INTEGER[],
    ?::INTEGER[], ?::BOOLEAN[], ?::BOOLEAN[], ?::TEXT[], ?::INTEGER[])
    AS m(state, finished, result, error, run_after, uncounted, losses, ended, ended_too, id, fence)
    WHERE spruce_task.id = m.id AND spruce_task.fence = m.fence AND spruce_task.state = 'RUNNING'
    RETURNING spruce_task.id"""
_ONE_LESS = "UPDATE spruce_task SET pending = pending - 1 WHERE follows = ? AND state = 'BLOCKED'"
_UNBLOCK = """UPDATE spruce_task SET state = 'WAITING',
    run_after = CASE WHEN run_after > ? THEN run_after ELSE 0 END
    WHERE follows = ? AND state = 'BLOCKED' AND pending <= 0"""
_CANCEL_FOLLOWERS = """UPDATE spruce_task SET state = 'CANCELLED', finished = ?, errors = errors || ?,
    unique_key = NULL, slot = NULL WHERE follows = ? AND state = 'BLOCKED' RETURNING id, group_id"""
_PROMOTE = """UPDATE spruce_task SET state = CASE WHEN slot IS NULL THEN 'READY' ELSE 'HELD' END
    WHERE id IN (SELECT id FROM spruce_task WHERE state = 'WAITING' AND run_after <= ?
    ORDER BY run_after LIMIT 1000 %s) RETURNING slot"""
_ACTIVE = """SELECT (SELECT count(*) FROM spruce_task WHERE slot = ? AND state = 'READY')
    + (SELECT count(*) FROM spruce_task WHERE slot = ? AND state = 'RUNNING')"""
_ADMIT = """UPDATE spruce_task SET state = 'READY' WHERE id IN (SELECT id FROM spruce_task
    WHERE state = 'HELD' AND slot = ? ORDER BY priority, id LIMIT ?)"""
_QUEUES = """WITH RECURSIVE found(queue) AS (
    SELECT min(queue) FROM spruce_task WHERE state = 'READY'
    UNION ALL SELECT (SELECT min(queue) FROM spruce_task WHERE state = 'READY' AND queue > found.queue)
    FROM found WHERE found.queue IS NOT NULL) SELECT queue FROM found"""
_ORPHANED = """state = 'RUNNING' AND NOT EXISTS
    (SELECT 1 FROM spruce_task_worker WHERE spruce_task_worker.id = spruce_task.worker)"""
_GIVE_UP = f"""UPDATE spruce_task SET state = 'FAILED', finished = ?, errors = errors || ?, worker = NULL,
    unique_key = NULL, slot = NULL WHERE {_ORPHANED} AND lost + 1 >= ? RETURNING id, group_id"""  # noqa: S608 - made of constants
_RELEASE = f"UPDATE spruce_task SET state = 'READY', lost = lost + 1, worker = NULL WHERE {_ORPHANED}"  # noqa: S608 - made of constants
_CANCEL = """UPDATE spruce_task SET state = 'CANCELLED', finished = ?, unique_key = NULL, slot = NULL
    WHERE id = ? AND state IN ('WAITING', 'BLOCKED', 'HELD', 'READY') RETURNING group_id, slot"""
_ASK_TO_STOP = "UPDATE spruce_task SET cancelling = TRUE WHERE id = ? AND state = 'RUNNING'"
_REPLAY = """UPDATE spruce_task SET state = ?, slot = ?, slots = ?, run_after = ?, finished = NULL, attempts = 0,
    lost = 0, cancelling = FALSE, progress = NULL WHERE id = ? AND state IN ('FAILED', 'CANCELLED')"""
_SWEEP = """DELETE FROM spruce_task WHERE id IN (SELECT id FROM spruce_task
    WHERE finished IS NOT NULL AND state = ? AND finished < ? LIMIT 1000) AND state = ?"""


def _values(mark: Mark) -> tuple[Any, ...]:
    claim, ended = mark.claim, mark.state in _ENDED
    error = f"{mark.error}\n" if mark.error else ""
    run_after = claim.run_after if ended else mark.run_after
    return (
        *(mark.state, mark.finished, mark.result, error, run_after, 0 if mark.counts else 1, int(mark.lost)),
        *(ended, ended, claim.id, claim.fence),
    )


@lru_cache
def _claim_sql(queues: int, skips_locked: bool) -> str:
    """The statement that claims, from so many queues: a look into each one's index, and the first of what is found."""
    lock = "FOR UPDATE SKIP LOCKED" if skips_locked else ""
    first = "SELECT id, priority, run_after FROM spruce_task WHERE state = 'READY' AND queue = ?"
    part = f"SELECT * FROM ({first} ORDER BY priority, run_after, id LIMIT ? {lock}) AS part"  # noqa: S608 - made of constants
    found = " UNION ALL ".join([part] * queues)
    ids = f"SELECT id FROM ({found}) AS found ORDER BY priority, run_after, id LIMIT ?"  # noqa: S608 - the same
    chosen = f"id = ANY(ARRAY({ids}))" if skips_locked else f"id IN ({ids})"
    return f"""UPDATE spruce_task SET state = 'RUNNING', worker = ?, workers = workers || ?, attempts = attempts + 1,
        fence = fence + 1, attempted = ?, started = COALESCE(started, ?), cancelling = FALSE
        WHERE {chosen} AND state = 'READY' RETURNING {_CLAIMED}"""  # noqa: S608 - the same
