"""The access log: one line for each answer, written to standard output."""

import sys
from collections.abc import Callable
from datetime import datetime
from typing import TypeAlias

from spruce.http import Request, Response

__all__ = ["AccessLog", "write_line"]

AccessLog: TypeAlias = Callable[[Request, Response | None, float], None]
"""What is called after each answer: with the request, its response (None if there was none) and the seconds it took."""


def write_line(request: Request, response: Response | None, seconds: float) -> None:
    """Write client, time, method, target, status and milliseconds. The target is as it was sent: no line breaks."""
    status = "-" if response is None else str(response.status_code)
    now = datetime.now().astimezone().strftime("%Y-%m-%d %H:%M:%S%z")
    client = request.remote_addr or "-"
    sys.stdout.write(f'{client} [{now}] "{request.method} {request.target}" {status} {seconds * 1000:.1f}ms\n')
