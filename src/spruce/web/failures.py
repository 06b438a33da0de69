"""Failures: how an exception that came out of a view, a hook or a middleware is answered.

An error handler of the app or blueprint answers it, if there is one; else an HTTP error becomes its own small page, or
JSON where a program asks. Anything else is logged with its request and answered by a plain 500, or by the debug page in
debug mode; by a 503 if its `code` says so, as that of a database which cannot be reached.
"""

from logging import getLogger
from typing import Any

from spruce.errors import HTTPException, InternalServerError, ServiceUnavailable, advise
from spruce.events import request_failed
from spruce.http import Request, Response
from spruce.i18n import gettext
from spruce.web.hooks import find_handler
from spruce.web.jsonprovider import to_json
from spruce.web.phrasing import error_page
from spruce.web.results import redirect, respond
from spruce.web.routing import RequestRedirect
from spruce.web.site import Site
from spruce.web.validation import InvalidInput
from spruce.web.violations import Taken

__all__ = ["answer_error"]

_log = getLogger("spruce.web")


def answer_error(app: Site, request: Request, error: Exception) -> Response:
    """Return the response for `error`; never raises, unless TESTING asks for the errors of views."""
    if isinstance(error, RequestRedirect):
        query = request.query_string.decode("latin-1")
        return redirect(request.root_path + error.path + (f"?{query}" if query else ""), error.code)
    try:
        if isinstance(error, HTTPException) and error.response is not None:
            return respond(error.response, "abort")
        handler = find_handler(app.scopes_of(request.blueprint), error)
        if handler is not None:
            return respond(handler(error), handler.__name__)
    except Exception as second:
        return _answer_unhandled(app, request, second)
    if isinstance(error, HTTPException):
        return _page(request, error)
    return _answer_unhandled(app, request, error)


def _page(request: Request, error: HTTPException) -> Response:
    """An HTTP error as its own page, or as JSON for a program; wrong values by field, unless a browser asks."""
    if error.response is not None:
        return error_page(error)
    if isinstance(error, InvalidInput | Taken):
        if "text/html" not in (request.header(b"accept") or ""):
            return _json(error, {"fields": error.fields})
    elif _is_from_program(request):
        return _json(error, {"detail": gettext(error.description)})
    return error_page(error)


def _is_from_program(request: Request) -> bool:
    """Whether who asks says that it takes JSON, or sends it, and not that it takes pages."""
    accepted = request.header(b"accept") or ""
    return "text/html" not in accepted and ("json" in accepted or request.is_json)


def _json(error: HTTPException, more: dict[str, Any]) -> Response:
    body = to_json({"error": gettext(error.name), **more})
    return Response(body, error.code or 500, error.headers, content_type="application/json")


def _answer_unhandled(app: Site, request: Request, error: Exception) -> Response:
    advise(error)
    if request_failed.subscribers:
        request_failed.emit(request=request, exception=error)
    if app.config["TESTING"]:
        raise error
    _log.error("%s %r failed: %r (request %s)", request.method, request.path, error, request.id, exc_info=error)
    if app.config["DEBUG"]:
        from spruce.web import debugpage, debugtoken, observed  # no server in production needs them

        if debugpage.may_see(request) and not _is_from_program(request):
            known = debugtoken.is_known(app, request)
            if not known:
                return debugtoken.ask(app, request)
            return debugpage.render(app, request, error, observed.queries_of(request))
    failure: HTTPException = InternalServerError(original_exception=error)
    if getattr(error, "code", None) == ServiceUnavailable.code:  # of what may be well again in a moment
        failure = ServiceUnavailable(retry_after=1)
    handler = find_handler(app.scopes_of(request.blueprint), failure)
    if handler is not None:
        try:
            return respond(handler(failure), handler.__name__)
        except Exception as second:
            _log.error("the handler of errors %s failed too: %r", handler.__name__, second, exc_info=second)
    return _page(request, failure)
