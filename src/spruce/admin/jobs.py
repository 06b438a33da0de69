"""The page of jobs: queues, what runs and where in its code it is, what waits, what has failed, and schedules.

No query of it looks at more than some thousand rows, however many jobs there are.
"""

from datetime import timedelta
from typing import Any, NamedTuple

from spruce.admin.systempage import Deed, SystemPage, Target
from spruce.errors import NotFound, SpruceError, TaskResultDoesNotExist
from spruce.http import Response
from spruce.i18n import gettext, gettext_lazy
from spruce.tasks import board, cancel, get_result
from spruce.tasks.clock import wall
from spruce.tasks.results import TaskResult, moment
from spruce.tasks.tables import Job

__all__ = ["COUNTED", "JobsPage", "QueueCount", "queue_counts"]

COUNTED = 10_000
"""So many jobs of a queue in a state are counted; behind that it is "more than"."""

_SHOWN = 50
_RUNS = 3
_STATES = ("READY", "WAITING", "BLOCKED", "HELD", "RUNNING", "FAILED")
_COUNT = """SELECT queue AS id, '{state}' AS state, count(*) AS number, min(run_after) AS first FROM
    (SELECT queue, run_after FROM spruce_task WHERE state = '{state}'{more} LIMIT {most}) AS part GROUP BY queue"""
_MORE = {"FAILED": " AND finished IS NOT NULL"}  # which its index is of
_COUNTS = " UNION ALL ".join(
    _COUNT.format(state=state, more=_MORE.get(state, ""), most=COUNTED + 1) for state in _STATES
)


# The states are written out, not bound: only so is it known that indexes of a part of the table have all that is asked.
_FIRST = "SELECT id, task, queue, priority, run_after FROM spruce_task WHERE state = '{}' ORDER BY {} LIMIT {}"
_FIRST_READY = _FIRST.format("READY", "queue, priority, run_after, id", _SHOWN)
_FIRST_WAITING = _FIRST.format("WAITING", "run_after", _SHOWN)


class QueueCount(NamedTuple):
    """How many jobs of a queue are in which state, as texts; `lag` is for how many seconds the first has been due."""

    name: str
    ready: str
    waiting: str
    running: str
    failed: str
    lag: float


class JobsPage(SystemPage):
    """All about jobs; `job` in the address is the page of one."""

    name = "jobs"
    title = gettext_lazy("Jobs")

    def __init__(self, site: Any) -> None:
        super().__init__(site)
        self.deeds = {
            "replay": Deed(gettext_lazy("Run again"), _found, lambda request, key: _tried(board.replay, key)),
            "remove": Deed(gettext_lazy("Remove"), _found, lambda request, key: _tried(board.clear, key)),
            "cancel": Deed(gettext_lazy("Cancel"), _found, lambda request, key: _tried(cancel, key)),
            "pause": Deed(gettext_lazy("Pause the schedule"), _schedule, lambda request, key: _set(board.pause, key)),
            "resume": Deed(
                gettext_lazy("Resume the schedule"), _schedule, lambda request, key: _set(board.resume, key)
            ),
        }

    def show(self, request: Any) -> Response:
        """The whole, or one job."""
        if request.args.get("job"):
            return self._one(request, request.args["job"])
        schedules = board.schedules(_RUNS)  # which makes the tables, where there are none yet
        waiting = [*Job.objects.raw(_FIRST_READY), *Job.objects.raw(_FIRST_WAITING)]
        return self.render(
            request,
            "jobs",
            queues=queue_counts(),
            running=board.running()[:_SHOWN],
            waiting=[(job, moment(job.run_after)) for job in waiting[:_SHOWN]],
            failed=[(one, _last_line(one)) for one in board.failed(_SHOWN)],
            schedules=schedules,
            most=_SHOWN,
            span=_span,
        )

    def _one(self, request: Any, key: str) -> Response:
        try:
            job = get_result(key[:32])
        except TaskResultDoesNotExist:
            raise NotFound(gettext("There is no such job.")) from None
        value = repr(job.return_value)[:2000] if job.status == "SUCCESSFUL" else ""
        here = [one for one in board.running() if one.result.id == job.id] if job.status == "RUNNING" else []
        arguments = repr(job.args)[:2000], repr(job.kwargs)[:2000]
        return self.render(
            request,
            "job",
            job=job,
            value=value,
            arguments=arguments,
            stack=here[0].stack if here else "",
            parent=self.title,
        )


def queue_counts() -> list[QueueCount]:
    """The queues in which there are jobs, by name; one query, which counts COUNTED jobs of each state at most."""
    found: dict[str, dict[str, tuple[int, float]]] = {}
    for row in Job.objects.raw(_COUNTS):
        counted: Any = row
        found.setdefault(counted.id, {})[counted.state] = (counted.number, counted.first)
    return [_counted(name, states) for name, states in sorted(found.items())]


def _counted(name: str, states: dict[str, tuple[int, float]]) -> QueueCount:
    def text(*wanted: str) -> str:
        number = sum(states[state][0] for state in wanted if state in states)
        return gettext("more than %(number)s", number=f"{COUNTED:,}") if number > COUNTED else str(number)

    waiting = ("WAITING", "BLOCKED", "HELD")
    lag = max(0.0, wall() - states["READY"][1]) if "READY" in states else 0.0
    return QueueCount(name, text("READY"), text(*waiting), text("RUNNING"), text("FAILED"), lag)


def _found(request: Any, key: str) -> Target | None:
    job = Job.objects.filter(pk=key[:32]).first()
    return None if job is None else Target(job.id, f"{job.task} ({job.id})")


def _schedule(request: Any, key: str) -> Target | None:
    return next((Target(one.name, one.name) for one in board.schedules() if one.name == key), None)


def _tried(act: Any, key: str) -> bool:
    """Whether something could be done; a job may have gone meanwhile."""
    try:
        return bool(act(key))
    except TaskResultDoesNotExist:
        return False


def _set(act: Any, key: str) -> bool:
    try:
        act(key)
    except SpruceError:
        return False
    return True


def _last_line(one: TaskResult[Any]) -> str:
    return one.errors[-1].traceback.rstrip().rpartition("\n")[2][:200] if one.errors else ""


def _span(seconds: float) -> str:
    """A span of time without fractions of seconds."""
    return str(timedelta(seconds=int(seconds)))
