"""The profiler's pages: the routes that were seen, the flame graph of each, and files of it; for an OS thread."""

import time
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from spruce.apm import flame
from spruce.apm.flame import boxes, find, functions, make_tree, outline, own_calls
from spruce.apm.history import History
from spruce.apm.profiles import clear, profiled_routes, stacks_of
from spruce.http import Response

__all__ = ["ProfilePages"]

_STATES = {"cpu": (False,), "wait": (True,), "all": (False, True)}
_LENGTHS = (60, 300, 900)  # seconds
_ROW = 20  # pixels
_DEEPEST = 80  # rows that are drawn


class ProfilePages:
    """What is below `profile`; `show` renders a template."""

    def __init__(self, history: History, show: Callable[..., str]) -> None:
        self.history = history
        self._show = show

    def profile(self, asked: Mapping[str, str]) -> str:
        """The routes with samples and the switch; or the flame graph of a route."""
        if asked.get("name"):
            return self.graph(asked)
        return self._show(
            "profile.html", asked, routes=profiled_routes(self.history), lengths=_LENGTHS, left=self._left()
        )

    def _left(self) -> float:
        """For how many more seconds samples are taken."""
        rows = self.history.rows("SELECT until FROM watch WHERE name = 'profile'")
        return max(rows[0]["until"] - time.time(), 0.0) if rows else 0.0

    def graph(self, asked: Mapping[str, str]) -> str:
        """What a route does, or one call in it, as boxes and as tables."""
        name, state, only = _choices(asked)
        stacks = stacks_of(self.history, name, _STATES[state])
        tree = make_tree(name, [(own_calls(calls), seconds) for calls, seconds in stacks] if only else stacks)
        way = find(tree, asked.get("in", ""))
        drawn = [box for box in boxes(way) if box["row"] < _DEEPEST]
        return self._show(
            "flame.html",
            asked,
            name=name,
            state=state,
            only=only,
            way=way,
            boxes=drawn,
            row=_ROW,
            height=(max(box["row"] for box in drawn) + 1) * _ROW,
            functions=functions(way[-1]),
            outline=outline(way[-1]),
        )

    def export(self, asked: Mapping[str, str]) -> Response:
        """The stacks of a route as folded text, or as a file for speedscope."""
        name, state, _ = _choices(asked)
        stacks: Any = stacks_of(self.history, name, _STATES[state])
        if asked.get("format") == "speedscope":
            made = Response(msgspec.json.encode(flame.speedscope(name, stacks)), mimetype="application/json")
            file = "profile.speedscope.json"
        else:
            made, file = Response(flame.folded_text(name, stacks), mimetype="text/plain"), "profile.folded.txt"
        made.headers["Content-Disposition"] = f'attachment; filename="{file}"'
        return made

    def change(self, asked: Mapping[str, str]) -> None:
        """Switch the profiler on for some seconds, or off, or forget what it has found."""
        if asked.get("do") == "clear":
            clear(self.history)
            return
        seconds = asked.get("seconds", "")
        self.history.want("profile", min(int(seconds), 3600) if seconds.isdecimal() and len(seconds) < 6 else 0.0)


def _choices(asked: Mapping[str, str]) -> tuple[str, str, bool]:
    """The route, which of its samples, and whether its own code alone is wanted."""
    state = asked.get("state", "cpu")
    return asked.get("name", ""), state if state in _STATES else "cpu", asked.get("frames") != "all"
