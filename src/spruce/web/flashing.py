"""Messages for the next page that is shown, as in Flask: `flash` keeps one, `get_flashed_messages` takes them."""

from collections.abc import Collection
from typing import Any

from spruce.web.context import request, session

__all__ = ["flash", "get_flashed_messages"]

_FLASHES = "_flashes"


def flash(message: object, category: str = "message") -> None:
    """Keep a message for the next page that shows messages, after a redirect for instance."""
    session[_FLASHES] = [*session.get(_FLASHES, ()), (category, message)]


def get_flashed_messages(with_categories: bool = False, category_filter: Collection[str] = ()) -> list[Any]:
    """Return what was flashed, and forget it; within one request it can be asked for again.

    With `with_categories` pairs of category and message. `category_filter` shows messages of some categories only; the
    others are forgotten too.
    """
    state = request.state
    if _FLASHES not in state:
        state[_FLASHES] = [(one[0], one[1]) for one in session.pop(_FLASHES, ())] if _FLASHES in session else []
    found = [pair for pair in state[_FLASHES] if not category_filter or pair[0] in category_filter]
    return found if with_categories else [message for _, message in found]
