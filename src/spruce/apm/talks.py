"""The WebSockets that are open in this process: each with the green thread of its view, for as long as that lives."""

from time import perf_counter
from typing import Any, NamedTuple

from spruce.apm.webrequests import route_of
from spruce.green import GreenThread
from spruce.green.runtime import running_thread

__all__ = ["Talk", "Talks"]


class Talk(NamedTuple):
    """An open WebSocket."""

    uid: str
    name: str
    owner: GreenThread
    began: float


class Talks:
    """Notes each WebSocket when it is accepted."""

    def __init__(self) -> None:
        self._open: dict[GreenThread, Talk] = {}

    def accepted(self, told: dict[str, Any]) -> None:
        """Note one, in the green thread of its view; a plain subscriber."""
        owner = running_thread()
        if owner is not None:
            request: Any = told["request"]
            name = f"WS {route_of(request) or request.target.partition('?')[0]}"
            self._open[owner] = Talk(f"ws{id(told['websocket']):x}", name, owner, perf_counter())
            owner.link(self._ended)

    def _ended(self, owner: GreenThread) -> None:
        self._open.pop(owner, None)

    def here(self) -> list[Talk]:
        """Those that are open, the oldest first."""
        return list(self._open.values())
