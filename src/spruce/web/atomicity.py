"""ATOMIC_REQUESTS: each view is a transaction, committed when it returns and rolled back when it raises.

Only the view is inside: middleware, dependencies, error handlers and what a stream yields are not.
"""

import functools
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

from spruce.config import Settings
from spruce.web.awaiting import await_

__all__ = ["aliases_for", "in_transactions"]

_OURS = "spruce.web."
"""Views of this package, as that of static files, use no database."""


def aliases_for(view: Callable[..., Any], settings: Settings) -> tuple[str, ...]:
    """Return the databases that `view` has a transaction on, as ATOMIC_REQUESTS and `db.non_atomic_requests` say."""
    wanted = settings["ATOMIC_REQUESTS"]
    if not wanted or getattr(view, "__module__", "").startswith(_OURS):
        return ()
    without = getattr(view, "non_atomic_requests", ())
    aliases = ("default",) if wanted is True else tuple(wanted)
    return tuple(alias for alias in aliases if alias not in without and None not in without)


def in_transactions(view: Callable[..., Any], aliases: tuple[str, ...], *, awaited: bool) -> Callable[..., Any]:
    """Return `view` within transactions on these databases; one that is async is waited for."""
    from spruce.db import atomic  # apps without a database need not load all that

    @functools.wraps(view)
    def in_them(*args: Any, **kwargs: Any) -> Any:
        with ExitStack() as blocks:
            for alias in aliases:
                blocks.enter_context(atomic(alias))
            result = view(*args, **kwargs)
            return await_(result) if awaited else result

    return in_them
