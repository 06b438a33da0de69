"""What ends a program or a thread: recorded as an error before Python says so, with USE_ELASTIC_EXCEPTHOOK."""

import sys
import threading
from collections.abc import Callable
from typing import Any

from spruce.apm.recorder import Recorder

__all__ = ["uncaught_recorded"]


def uncaught_recorded(client: Recorder) -> Callable[[], None]:
    """Record what nobody catches, in the main thread and in others; return what ends that."""
    before, before_in_threads = sys.excepthook, threading.excepthook

    def hook(kind: Any, error: BaseException, traceback: Any) -> None:
        if isinstance(error, Exception):
            client.capture_exception(error, handled=False)
        before(kind, error, traceback)

    def hook_in_threads(args: Any) -> None:
        if isinstance(args.exc_value, Exception):
            client.capture_exception(args.exc_value, handled=False)
        before_in_threads(args)

    sys.excepthook, threading.excepthook = hook, hook_in_threads

    def end() -> None:
        if sys.excepthook is hook:
            sys.excepthook = before
        if threading.excepthook is hook_in_threads:
            threading.excepthook = before_in_threads

    return end
