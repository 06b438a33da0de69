"""What takes jobs, by the setting TASKS, made when it is first needed and kept with the settings."""

from collections.abc import Callable
from typing import Any

from spruce import config
from spruce.errors import InvalidTaskBackend, nearest
from spruce.tasks.definitions import Backend, backend_finder
from spruce.tasks.embedded import Embedded
from spruce.tasks.inline import Dummy, Inline
from spruce.tasks.results import TaskResult

__all__ = ["backend", "cancel", "get_result", "is_celery", "is_embedded"]

_RESOURCE = "spruce.tasks"

_KINDS: dict[str, Callable[[], Backend]] = {
    "embedded": Embedded,
    "worker": Embedded,
    "inline": Inline,
    "dummy": Dummy,
}


def backend() -> Backend:
    """The backend of the settings that hold here. Raises InvalidTaskBackend."""
    settings = config.current()
    made: Any = settings.resources.get(_RESOURCE)
    if made is None or made[0] != settings["TASKS"]:
        kind = settings["TASKS"]
        made = settings.resources[_RESOURCE] = (kind, _made(kind))
    found: Backend = made[1]
    return found


def _made(kind: str) -> Backend:
    if is_celery(kind):
        try:
            from spruce.tasks.celeryfront import CeleryFront  # celery is an optional dependency
        except ModuleNotFoundError as error:
            raise InvalidTaskBackend(
                f"TASKS is {kind!r}, and there is no module {error.name!r}", hint="pip install 'spruce[celery]'"
            ) from error
        return CeleryFront(kind)
    if kind not in _KINDS:
        raise InvalidTaskBackend(
            f"TASKS is {kind!r}{nearest(kind, _KINDS)}", hint=f"It can be: {', '.join(_KINDS)}, or celery+redis://…"
        )
    return _KINDS[kind]()


def is_celery(kind: str) -> bool:
    """Whether the value of TASKS names a broker of Celery's."""
    return kind.startswith("celery+")


def is_embedded() -> bool:
    """Whether web workers run jobs, too."""
    return bool(config.current()["TASKS"] == "embedded")


def get_result(id: str) -> TaskResult[Any]:  # noqa: A002 - as the result's attribute
    """What is known of a job, of whichever task. Raises TaskResultDoesNotExist."""
    return backend().get_result(id)


def cancel(id: str) -> bool:  # noqa: A002 - as the result's attribute
    """Keep a job from running; one that runs is stopped within about a second, if it waits for anything by then.

    False when it has ended already. Raises TaskResultDoesNotExist where the job isn't known to this process.
    """
    return backend().cancel(id)


backend_finder.find = backend
