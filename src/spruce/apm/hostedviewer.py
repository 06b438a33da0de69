"""The viewer before an app of another framework, which has no middleware of Spruce's that it could stand in.

`spruce run --debug` puts it there; elsewhere SPRUCE_VIEWER_AUTHORIZE names the function that says who may see it. It is
a small app of its own, which answers what is below `/_spruce` and `/_debug`, and hands on everything else.
"""

import os
from collections.abc import Callable

from spruce.apm.flights import CANCELLED
from spruce.apm.startup import has_viewer
from spruce.apm.viewer import PATH, Viewer
from spruce.events import request_started
from spruce.green import GreenletExit
from spruce.http import Handler, Request, Response
from spruce.server import Lifespan
from spruce.web import App
from spruce.web.debugtoken import DOOR

__all__ = ["HostedViewer", "viewer_app"]


def viewer_app(token: str | None) -> App | None:
    """The app that answers with the viewer, of the settings in the environment; None where there is to be none.

    In debug mode it wants `token`. What a hosted app does is recorded by the settings of this app from now on.
    """
    app = App(
        "spruce_viewer",
        root_path=os.getcwd(),
        instance_path=os.path.join(os.getcwd(), "instance"),
        static_folder=None,
        template_folder=None,
    )
    if app.debug and token is not None:
        app.config["DEBUG_TOKEN"] = app.config["DEBUG_TOKEN"] or token
        if app.config["VIEWER"] is None:
            app.config["VIEWER"] = True
    return app if has_viewer(app.config) else None


class HostedViewer:
    """A handler around that of a hosted app."""

    def __init__(self, handler: Handler, app: App) -> None:
        app.prepare()
        self.handler = handler
        self.app = app
        viewer = app.config.resources["spruce.apm.viewer"]
        assert isinstance(viewer, Viewer)  # noqa: S101 - its middleware has made it, one line above
        flights = viewer.flights
        flights.make_error = _Cancelled
        self.end: Callable[[], None] = request_started.subscribe_plain(lambda told: flights.asked(told["request"]))

    def startup(self) -> None:
        """Let the hosted app get ready."""
        application: object = self.handler
        if isinstance(application, Lifespan):
            application.startup()

    def shutdown(self) -> None:
        """Let the hosted app clean up."""
        application: object = self.handler
        if isinstance(application, Lifespan):
            application.shutdown()

    def __call__(self, request: Request) -> Response:
        """Answer one request."""
        path = request.path
        if path.startswith((f"{PATH}/", DOOR)) or path == PATH:
            return self.app.handle(request)
        try:
            return self.handler(request)
        except _Cancelled:
            return Response(f"{CANCELLED}\n", 503, mimetype="text/plain")


class _Cancelled(GreenletExit):
    """Raised in a request that is cancelled: no error that an app's own handlers would take for theirs."""
