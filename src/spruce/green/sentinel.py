"""The sentinel: an OS thread that notices when the loop doesn't turn because something blocks it, and says what.

It asks the loop for a sign of life in each interval; while it waits in vain it looks at the stack of the loop's OS
thread.
"""

import logging
import sys
import sysconfig
import threading
import time
import traceback
from types import TracebackType
from typing import Final

from spruce.events import loop_blocked
from spruce.green.greenthread import AnyHub
from spruce.green.runtime import get_hub

__all__ = ["sentinel"]

logger = logging.getLogger("spruce.green")
_LIBRARIES: Final = tuple({sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")})
_RUNTIME: Final = __file__.rpartition("/")[0]


class sentinel:  # noqa: N801 - written like a statement: `with green.sentinel(0.1):`
    """Watches the loop of the running green thread while the block runs, or from `start` to `stop`.

    Whatever holds it up for longer than `seconds` is logged with its stack, once for each place in the code, and each
    time announced by `events.loop_blocked`, so that a test can fail on it. It wakes an idle loop once in `seconds`.
    """

    def __init__(self, seconds: float = 0.1) -> None:
        if seconds <= 0:
            raise ValueError(f"a sentinel needs some time between its looks, not {seconds} seconds")
        self.seconds = seconds
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None
        self._logged: set[tuple[str, int | None]] = set()

    def start(self) -> None:
        """Begin to watch this OS thread's hub."""
        hub = get_hub()
        self._stopped.clear()
        self._thread = threading.Thread(target=self._watch, args=(hub,), name="spruce-sentinel", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End that; what is being noticed at this moment is still told."""
        self._stopped.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def __enter__(self) -> "sentinel":
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    # ---- in the sentinel's OS thread ---------------------------------------------------------------------------------

    def _watch(self, hub: AnyHub) -> None:
        turned = threading.Event()
        while not self._stopped.wait(self.seconds):
            turned.clear()
            began = time.monotonic()
            try:
                hub.loop.call_soon_threadsafe(turned.set)
            except RuntimeError:  # the loop is closed
                return
            if not turned.wait(self.seconds):
                stack = _stack_of(hub.os_thread)
                while not turned.wait(self.seconds) and not self._stopped.is_set():
                    pass
                if stack:
                    self._tell(stack, time.monotonic() - began)

    def _tell(self, stack: traceback.StackSummary, seconds: float) -> None:
        culprit = _culprit(stack)
        text = "".join(stack.format())
        if (culprit.filename, culprit.lineno) not in self._logged:
            self._logged.add((culprit.filename, culprit.lineno))
            logger.warning(
                "the loop was held up for %.3f s by %s:%s in %s; run what blocks with green.tpool.execute\n%s",
                seconds,
                culprit.filename,
                culprit.lineno,
                culprit.name,
                text,
            )
        if loop_blocked.subscribers:
            loop_blocked.emit(
                seconds=seconds, file=culprit.filename, line=culprit.lineno, function=culprit.name, stack=text
            )


def _stack_of(os_thread: int) -> traceback.StackSummary | None:
    """What runs in that OS thread now; None if it is the loop itself, which waits or has just gone on."""
    frame = sys._current_frames().get(os_thread)
    if frame is None or frame.f_code.co_name in ("select", "_run_once", "run_forever"):
        return None
    return traceback.StackSummary.extract(traceback.walk_stack(frame))


def _culprit(stack: traceback.StackSummary) -> traceback.FrameSummary:
    """The innermost call that isn't in a library, or else the innermost."""
    stack.reverse()
    own = [frame for frame in stack if not frame.filename.startswith((*_LIBRARIES, _RUNTIME, "<frozen"))]
    return (own or stack)[-1]
