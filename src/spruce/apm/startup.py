"""What begins performance monitoring for an app: the setting `ELASTIC_APM`, or a variable `ELASTIC_APM_…`.

It stands in DEFAULT_MIDDLEWARE, where it is asked when the stack is put together, and leaves itself out of it.
"""

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from spruce import config
from spruce.errors import MiddlewareNotUsed
from spruce.http import Handler
from spruce.web.site import Site

if TYPE_CHECKING:
    from spruce.apm.client import Client

__all__ = ["ApmMiddleware", "has_viewer", "is_wanted", "record_jobs", "start", "viewer_middleware"]

_PREFIX = "ELASTIC_APM_"
_RESOURCE = "apm"
_VIEWER = "spruce.apm.viewer"
_OWN = ["/_spruce*", "/_debug*"]


def is_wanted(settings: config.Settings, environ: Mapping[str, str] = os.environ) -> bool:
    """Whether anybody has said something about performance monitoring: in the settings, or in the environment."""
    return bool(settings["ELASTIC_APM"]) or any(name.startswith(_PREFIX) for name in environ)


def has_viewer(settings: config.Settings) -> bool:
    """Whether there is a viewer: in debug mode where the app is served, or where it is said who may see it."""
    if settings["VIEWER"] is not None:
        return bool(settings["VIEWER"])
    return settings["VIEWER_AUTHORIZE"] is not None


def start(settings: config.Settings) -> "Client":
    """Make the client that the settings ask for, and let it record; return it, or the one they have already."""
    from spruce.apm.client import Client  # not loaded by apps without performance monitoring
    from spruce.apm.instruments import instrument  # the same

    known = settings.resources.get(_RESOURCE)
    if isinstance(known, Client):
        return known
    client = settings.resources[_RESOURCE] = Client(_described(settings))
    client.closing.append(lambda: settings.resources.pop(_RESOURCE, None))
    if client.settings.instrument:
        instrument(client)
    return client


def record_jobs(app: Site) -> None:
    """Let a process that runs an app's jobs record them: by what begins monitoring, and for the viewer.

    In debug mode there is a viewer, as where the app is served.
    """
    settings = app.config
    if app.debug and settings["VIEWER"] is None:
        settings["VIEWER"] = True
    if is_wanted(settings) or has_viewer(settings):
        app.prepare()


class ApmMiddleware:
    """Starts performance monitoring where it is wanted. It sees no requests: `spruce.events` tells of them."""

    def __init__(self, handler: Handler) -> None:
        settings = config.current()
        if is_wanted(settings) or has_viewer(settings):
            start(settings)
        raise MiddlewareNotUsed("requests are recorded by way of spruce.events")


def _described(settings: config.Settings) -> dict[str, Any]:
    """The settings of the client; with nothing but a viewer nothing is sent."""
    described = dict(settings["ELASTIC_APM"])
    if not is_wanted(settings):
        described |= {"DISABLE_SEND": True}
    if has_viewer(settings):
        ignored = described.get("TRANSACTION_IGNORE_URLS", [])
        described["TRANSACTION_IGNORE_URLS"] = [*(ignored.split(",") if isinstance(ignored, str) else ignored), *_OWN]
    return described


def viewer_middleware(handler: Handler) -> Handler:
    """Put the viewer before what is further in. Raises MiddlewareNotUsed where there is none."""
    settings = config.current()
    if not has_viewer(settings):
        raise MiddlewareNotUsed("there is no viewer: see VIEWER and VIEWER_AUTHORIZE")
    from spruce.apm.viewer import Viewer  # not loaded by apps without it

    before = settings.resources.pop(_VIEWER, None)
    if isinstance(before, Viewer):
        before.close()
    made = settings.resources[_VIEWER] = Viewer(handler, settings)
    return made
