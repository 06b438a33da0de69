"""The token of the debug page: printed at start-up, given once by each browser, kept there in a cookie.

Without it any other user or program of this machine could read source code and variables from a failing path. The
cookie holds a hash of the token, not the token.
"""

import os
import sys
from collections.abc import Callable
from hashlib import sha256
from hmac import compare_digest
from logging import getLogger
from secrets import token_urlsafe
from urllib.parse import quote

from spruce.errors import NotFound
from spruce.http import Request, Response
from spruce.web.debugpage import may_see
from spruce.web.results import redirect
from spruce.web.site import Site

__all__ = ["COOKIE", "DOOR", "add_door", "announce", "ask", "is_known"]

COOKIE = "spruce_debug"
DOOR = "/_debug"

_VARIABLE = "SPRUCE_DEBUG_TOKEN"
_POLICY = "default-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
_PAGE = """<!doctype html>
<html lang=en>
<meta charset=utf-8>
<title>A view failed</title>
<h1>A view failed</h1>
<p>The log says how. To see it here, too, enter the token that was printed when the app started.</p>
<form action="{action}"><input type=hidden name=next value="{path}">
<label>Token <input name=token autocomplete=off autofocus></label> <button>Show it</button></form>
"""

_log = getLogger("spruce.web")


def announce(app: Site, token: str | None = None) -> None:
    """Print where the token is to be given, in debug mode, unless it is set already; called before the app is served.

    It is `token`, or else a new one. Processes that this one starts have the same.
    """
    if app.debug and app.config["DEBUG_TOKEN"] is None:
        os.environ[_VARIABLE] = app.config["DEBUG_TOKEN"] = token or token_urlsafe(12)
        sys.stdout.write(f"Errors are shown to browsers that have opened {_door(app)} once\n")
        if app.config["VIEWER"] is None:
            os.environ["SPRUCE_VIEWER"] = "true"
            app.config["VIEWER"] = True
        if app.config["VIEWER"]:
            sys.stdout.write(f"Requests, queries and errors as they happen: {_door(app)}&next=/_spruce/\n")
        sys.stdout.flush()


def add_door(app: Site) -> None:
    """Add the route at which the token is given, in debug mode."""
    if app.debug and "_debug" not in app.view_functions:
        app.add_url_rule(DOOR, "_debug", _door_view(app), openapi=False)


def is_known(app: Site, request: Request) -> bool:
    """Whether the browser has given the token."""
    return compare_digest(request.cookies.get(COOKIE, "").encode(), _hash(_token(app)).encode())


def ask(app: Site, request: Request) -> Response:
    """Return the page that asks for the token, in place of the one about an error."""
    _token(app)
    headers = {"Content-Security-Policy": _POLICY, "Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
    page = _PAGE.format(action=quote(f"{request.root_path}{DOOR}"), path=quote(request.root_path + request.path))
    return Response(page, 500, headers)


def _token(app: Site) -> str:
    if app.config["DEBUG_TOKEN"] is None:
        app.config["DEBUG_TOKEN"] = token_urlsafe(12)
        _log.warning("errors are shown to browsers that have opened %s once", _door(app))
    token: str = app.config["DEBUG_TOKEN"]
    return token


def _door(app: Site) -> str:
    return f"{DOOR}?token={quote(app.config['DEBUG_TOKEN'])}"


def _hash(token: str) -> str:
    return sha256(f"debug page: {token}".encode()).hexdigest()


def _door_view(app: Site) -> Callable[[Request], Response]:
    def debug(request: Request) -> Response:
        given = request.args.get("token", "")
        if not app.debug or not may_see(request) or not compare_digest(given.encode(), _token(app).encode()):
            raise NotFound()
        path = request.args.get("next", "/")
        response = redirect(path if path.startswith("/") and not path.startswith(("//", "/\\")) else "/")
        response.set_cookie(COOKIE, _hash(given), httponly=True, samesite="Strict")
        return response

    return debug
