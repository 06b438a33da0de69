"""What begins performance monitoring for an app: the setting `ELASTIC_APM`, or a variable `ELASTIC_APM_…`.

It stands in DEFAULT_MIDDLEWARE, where it is asked when the stack is put together, and leaves itself out of it.
"""

import os
from collections.abc import Mapping

from spruce import config
from spruce.errors import MiddlewareNotUsed
from spruce.http import Handler

__all__ = ["ApmMiddleware", "is_wanted", "start"]

_PREFIX = "ELASTIC_APM_"
_RESOURCE = "apm"


def is_wanted(settings: config.Settings, environ: Mapping[str, str] = os.environ) -> bool:
    """Whether anybody has said something about performance monitoring: in the settings, or in the environment."""
    return bool(settings["ELASTIC_APM"]) or any(name.startswith(_PREFIX) for name in environ)


def start(settings: config.Settings) -> None:
    """Make the client that the settings ask for, and let it record; nothing if they have one already."""
    from spruce.apm.client import Client  # not loaded by apps without performance monitoring
    from spruce.apm.instruments import instrument  # the same

    if settings.resources.get(_RESOURCE) is None:
        client = settings.resources[_RESOURCE] = Client(settings["ELASTIC_APM"])
        client.closing.append(lambda: settings.resources.pop(_RESOURCE, None))
        if client.settings.instrument:
            instrument(client)


class ApmMiddleware:
    """Starts performance monitoring where it is wanted. It sees no requests: `spruce.events` tells of them."""

    def __init__(self, handler: Handler) -> None:
        settings = config.current()
        if is_wanted(settings):
            start(settings)
        raise MiddlewareNotUsed("requests are recorded by way of spruce.events")
