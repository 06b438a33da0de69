"""Workers with jobs, and schedules with their next ticks: the rows beside the jobs."""

from typing import Any

from spruce.tasks.statements import Statements

__all__ = ["Roster"]


class Roster(Statements):
    """Who works and beats, and what is due when, in the database of an alias."""

    # ---- workers ----------------------------------------------------------------------------------------------------

    def register(self, worker: str, place: str, pid: int, born: str, now: float) -> None:
        """Enter a worker, which has to beat from now on."""
        self._change(
            "INSERT INTO spruce_task_worker (id, beat, place, pid, born, since) VALUES (?, 0, ?, ?, ?, ?)",
            *(worker, place, pid, born, now),
        )

    def beat(self, worker: str) -> bool:
        """Show that a worker lives; False if it was taken for dead."""
        return self._change("UPDATE spruce_task_worker SET beat = beat + 1 WHERE id = ?", worker) > 0

    def workers(self) -> list[Any]:
        """All workers with jobs: id, beat, place, pid, born, since."""
        return self._rows("SELECT id, beat, place, pid, born, since FROM spruce_task_worker")

    def bury(self, worker: str, beat: int) -> bool:
        """Take a worker for dead, unless it has beaten since; False then."""
        return self._change("DELETE FROM spruce_task_worker WHERE id = ? AND beat = ?", worker, beat) > 0

    def leave(self, worker: str) -> None:
        """Remove a worker that has no jobs any more."""
        self._change("DELETE FROM spruce_task_worker WHERE id = ?", worker)

    # ---- schedules --------------------------------------------------------------------------------------------------

    def tick(self, name: str) -> tuple[str, float, bool] | None:
        """What a schedule was computed from, when it is due next, and whether it is paused."""
        rows = self._rows("SELECT definition, next_at, paused FROM spruce_task_schedule WHERE name = ?", name)
        return (rows[0][0], rows[0][1], bool(rows[0][2])) if rows else None

    def ticks(self) -> list[tuple[str, str, float, float | None, bool]]:
        """All schedules that have been begun: name, definition, next and last tick, paused."""
        rows = self._rows("SELECT name, definition, next_at, last_at, paused FROM spruce_task_schedule")
        return [tuple(row) for row in rows]

    def plant(self, name: str, definition: str, next_at: float, before: str | None) -> None:
        """Begin a schedule, or begin it anew if it was computed from `before`; whoever comes second changes nothing."""
        if before is None:
            self._change(_PLANT, name, definition, next_at, False)
        else:
            sql = "UPDATE spruce_task_schedule SET definition = ?, next_at = ? WHERE name = ? AND definition = ?"
            self._change(sql, definition, next_at, name, before)

    def advance(self, name: str, due: float, next_at: float) -> bool:
        """Move a schedule on from the tick `due`; False if somebody else has done so."""
        sql = "UPDATE spruce_task_schedule SET next_at = ?, last_at = ? WHERE name = ? AND next_at = ?"
        return self._change(sql, next_at, due, name, due) > 0

    def pause(self, name: str, paused: bool) -> bool:
        """Have a schedule enqueue nothing, or go on; False if there is none of this name."""
        return self._change("UPDATE spruce_task_schedule SET paused = ? WHERE name = ?", paused, name) > 0


_PLANT = """INSERT INTO spruce_task_schedule (name, definition, next_at, paused) VALUES (?, ?, ?, ?)
    ON CONFLICT (name) DO NOTHING"""
