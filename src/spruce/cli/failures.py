"""How an error of Spruce is told on the terminal: in a line, after what the user's own code raised."""

import traceback
from types import TracebackType

from spruce.errors import AppImportError, SpruceError

__all__ = ["cause_of", "told"]


def cause_of(error: SpruceError) -> str:
    """Return the traceback of what the user's own code raised while his app was loaded; empty without such a cause."""
    if not isinstance(error, AppImportError) or error.__cause__ is None:
        return ""
    return _own_traceback(error.__cause__)


def told(error: SpruceError) -> str:
    """Return all that is told of an error."""
    return f"{cause_of(error)}Error: {error}\n"


def _own_traceback(error: BaseException) -> str:
    """Return the traceback from the first frame of the user's own code on, without the frames of importing."""
    frame: TracebackType | None = error.__traceback__
    while frame is not None and _is_machinery(frame):
        frame = frame.tb_next
    return "".join(traceback.format_exception(type(error), error, frame, chain=False))


def _is_machinery(frame: TracebackType) -> bool:
    module: str = frame.tb_frame.f_globals.get("__name__", "")
    return module.startswith(("importlib", "spruce.cli"))
