"""The viewer at `/_spruce/`: who may see it, and which page answers what.

In debug mode, when the app is served, it is there for browsers of this machine that have given the token printed at
start-up; never for requests that a proxy has forwarded. Elsewhere there is none unless VIEWER_AUTHORIZE is set: a
callable, or its dotted name, that is asked for each request; `lambda request: request.user.is_superuser` is one.
"""

import sqlite3
from collections.abc import Callable
from functools import partial
from importlib import import_module
from inspect import isawaitable
from pathlib import Path
from typing import Any

from markupsafe import Markup

from spruce import config, green
from spruce.apm.flights import Flights, ask_to_cancel
from spruce.apm.history import History
from spruce.apm.plans import explain, query_of
from spruce.apm.profiles import Profiles
from spruce.apm.recorder import begun_first
from spruce.apm.sinks import subscribe
from spruce.apm.viewerpages import Pages
from spruce.apm.vitals import Vitals
from spruce.errors import ConfigError, CsrfError, NotFound
from spruce.events import server_started, websocket_accepted
from spruce.http import Handler, Request, Response
from spruce.i18n import negotiate, override
from spruce.middleware.csrf import csrf_field
from spruce.middleware.origins import TrustedOrigins, foreign_origin
from spruce.web import current_app, redirect
from spruce.web.awaiting import await_
from spruce.web.debugpage import may_see
from spruce.web.debugtoken import is_known

__all__ = ["PATH", "Viewer"]

PATH = "/_spruce"
_FOLDER = Path(__file__).parent / "templates" / "viewer"
_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'"
)
_LANGUAGES = ("en", "zh-Hans")  # that its texts are in
_ASSETS = {
    "icon.svg": "image/svg+xml",
    "viewer.css": "text/css; charset=utf-8",
    "viewer.js": "text/javascript; charset=utf-8",
}


class Viewer:
    """Answers what is below `/_spruce/`, and hands on everything else."""

    def __init__(self, handler: Handler, settings: config.Settings) -> None:
        self._next = handler
        self._authorize = _authorizer(settings)
        self.history = History.of(settings)
        self.flights = Flights(self.history, Vitals(settings, lambda: self.history.ended))
        self.profiles = Profiles(self.history, settings["VIEWER_PROFILE_RATE"])
        self._pages = Pages(self.history)
        self._trusted = TrustedOrigins(settings["CSRF_TRUSTED_ORIGINS"], "CSRF_TRUSTED_ORIGINS")
        self._changes: dict[str, Callable[[dict[str, str]], object]] = {
            "cancel": lambda asked: ask_to_cancel(self.history, asked.get("id", "")[:64]),
            "profile": self._pages.profiling.change,
        }
        self.history.look = partial(subscribe, _nothing)
        self.ending = [
            subscribe(self.history.put, sees_all=False),
            begun_first(self.flights.begun),
            websocket_accepted.subscribe_plain(self.flights.talks.accepted),
            server_started.subscribe(lambda event: self.flights.start()),
        ]

    def close(self) -> None:
        """End what it has begun."""
        for end in self.ending:
            end()
        self.flights.close()
        self.history.close()
        self.profiles.close()

    def __call__(self, request: Request) -> Response:
        """Handle `request`."""
        path = request.path
        if not path.startswith(PATH) or (path != PATH and path[len(PATH)] != "/"):
            return self._next(request)
        if not self._may(request):
            raise NotFound()
        if path == PATH:
            return redirect(f"{request.root_path}{PATH}/")
        try:
            response = self._answer(request, path[len(PATH) + 1 :])
        except (sqlite3.Error, OSError) as error:
            response = self._unreadable(error)
        response.headers["Content-Security-Policy"] = _POLICY
        response.headers["Cache-Control"] = "no-store"
        response.headers["Referrer-Policy"] = "no-referrer"
        return response

    def _may(self, request: Request) -> bool:
        if self._authorize is not None:
            told = self._authorize(request)
            allowed = await_(told) if isawaitable(told) else told  # a coroutine is always true
            return bool(allowed) and not isinstance(allowed, Response)  # and so is a way to the log-in
        app = current_app._get_current_object()  # type: ignore[attr-defined]  # a proxy's own method
        return bool(app.debug) and may_see(request) and is_known(app, request)

    def _answer(self, request: Request, rest: str) -> Response:
        if rest in _ASSETS:
            return Response((_FOLDER / rest).read_bytes(), 200, None, None, _ASSETS[rest])
        changes = request.method == "POST"
        if changes:
            reason = foreign_origin(request, self._trusted)  # asked here too: the app may go without CsrfViewMiddleware
            if reason is not None:
                raise CsrfError(reason)
        elif request.method not in ("GET", "HEAD"):
            raise NotFound()
        with override(negotiate(request.accept_languages.values(), _LANGUAGES)):
            if rest.startswith("plan/"):
                return self._plan(request, rest, measured=changes)
            if changes:
                return self._change(request, rest)
            page = self._pages.find(rest)
            if page is None:
                raise NotFound()
            return _shown(green.tpool.execute(page, _asked(request)))

    def _unreadable(self, error: Exception) -> Response:
        """The answer where the file is damaged, locked or somebody else's."""
        told = f"The viewer's file {self.history.path} can't be read: {error}.\n"
        return Response(f"{told}Remove it, or name another one as VIEWER_FILE.\n", 503, mimetype="text/plain")

    def _change(self, request: Request, rest: str) -> Response:
        change = self._changes.get(rest)
        if change is None:
            raise NotFound()
        green.tpool.execute(change, request.form.to_dict())
        return redirect(f"{request.root_path}{PATH}/{rest if rest == 'profile' else ''}", 303)

    def _plan(self, request: Request, rest: str, *, measured: bool) -> Response:
        """A query's plan: the file is read in an OS thread, the app's database asked in this green one."""
        uid, _, span = rest.removeprefix("plan/").partition("/")
        query = green.tpool.execute(query_of, self.history, uid, span)
        if query is None:
            raise NotFound()
        plan = explain(query, measured=measured)
        asked = {**_asked(request), "uid": uid, "span": span}
        return _shown(green.tpool.execute(self._pages.plan, asked, query, plan, measured=measured))


def _nothing(record: object) -> None:
    """A sink for which all is looked at."""


def _asked(request: Request) -> dict[str, str]:
    """What pages get: what the URL asks for, where the viewer is, and what its forms have to have."""
    field = Markup(csrf_field())  # noqa: S704 - it is a field
    return {**request.args.to_dict(), "base": f"{request.root_path}{PATH}", "csrf": field}


def _shown(made: str | Response | None) -> Response:
    if made is None:
        raise NotFound()
    return made if isinstance(made, Response) else Response(made, 200, None, None, "text/html; charset=utf-8")


def _authorizer(settings: config.Settings) -> Callable[[Request], Any] | None:
    given: Any = settings["VIEWER_AUTHORIZE"]
    found = _imported(given) if isinstance(given, str) else given
    if found is not None and not callable(found):
        raise ConfigError(
            f"VIEWER_AUTHORIZE is {given!r}, which is no function",
            hint="Give a function of the request, or its dotted name, that says who may see the viewer.",
        )
    return found  # type: ignore[no-any-return]  # None, or what was found to be callable


def _imported(given: str) -> Any:
    module, _, name = given.rpartition(".")
    try:
        return getattr(import_module(module), name)
    except (ImportError, AttributeError, ValueError) as error:
        raise ConfigError(
            f"VIEWER_AUTHORIZE is {given!r}, which cannot be imported: {error}", hint="Name it as module.function."
        ) from error
