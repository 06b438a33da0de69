"""What the application raised: how it is logged and answered."""

import logging

from spruce.errors import advise
from spruce.errors.http import HTTPException
from spruce.events import request_failed
from spruce.http import PHRASES, Request, Response, error_response

__all__ = ["answer_failure", "close_response"]

_log = logging.getLogger("spruce.server")


def answer_failure(request: Request, error: BaseException, *, begun: bool) -> Response | None:
    """Return the response for what the application raised; None when one has `begun`. Logs what is no HTTP error."""
    if isinstance(error, HTTPException) and not begun:
        return error_response(error)
    advise(error)
    if request_failed.subscribers:
        request_failed.emit(request=request, exception=error)
    _log.error("%s %s failed (request %s)", request.method, request.target, request.id, exc_info=error)
    return None if begun else Response(f"500 {PHRASES[500]}", 500, content_type="text/plain")


def close_response(request: Request, response: Response) -> None:
    """Let the response clean up; an error there is logged, since the client has its answer."""
    try:
        response.close()
    except Exception:
        _log.exception("%s %s: closing the response failed (request %s)", request.method, request.target, request.id)
