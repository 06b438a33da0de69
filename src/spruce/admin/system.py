"""The pages about the running system: sessions, caches, jobs and the viewer, each where there is such a thing.

A page's own module, and with it the package that it is about, is imported when the page is first asked for: an app
without jobs loads nothing of jobs.
"""

import sys
from collections.abc import Callable
from importlib import import_module
from typing import Any, NamedTuple

from spruce import config
from spruce.apm.startup import has_viewer
from spruce.i18n import gettext_lazy
from spruce.middleware.databasestore import DatabaseStore
from spruce.web import current_app

__all__ = ["register_system_pages"]


class _Entry(NamedTuple):
    """A page: whether there is such a thing in the app that is asked, and where its class is."""

    title: Any
    is_on: Callable[[], bool]
    place: str
    acts: bool = True


def _keeps_sessions() -> bool:
    return isinstance(getattr(current_app.session_interface, "store", None), DatabaseStore)


def _has_caches() -> bool:
    return bool(config.current()["CACHES"])


def _has_jobs() -> bool:
    definitions = sys.modules.get("spruce.tasks.definitions")
    return bool(definitions and definitions.registry) and config.current()["TASKS"] in ("embedded", "worker")


def _has_viewer() -> bool:
    return has_viewer(config.current())


_PAGES = {
    "sessions": _Entry(gettext_lazy("Sessions"), _keeps_sessions, "spruce.admin.sessions.SessionsPage"),
    "caches": _Entry(gettext_lazy("Caches"), _has_caches, "spruce.admin.caches.CachesPage"),
    "jobs": _Entry(gettext_lazy("Jobs"), _has_jobs, "spruce.admin.jobs.JobsPage"),
    "requests": _Entry(gettext_lazy("Requests"), _has_viewer, "spruce.admin.requests.RequestsPage", acts=False),
}


def register_system_pages(site: Any) -> None:
    """Add the pages to a site, unless it has them. Who may see one has the permission `admin.view_NAME`, or change."""
    for name, entry in _PAGES.items():
        if not site.has_page(name):
            site.register_page(
                f"system/{name}/",
                _view(site, entry),
                name=name,
                title=entry.title,
                group=gettext_lazy("System"),
                permission=_permission(name, entry),
                methods=("GET", "POST") if entry.acts else ("GET",),
            )


def _permission(name: str, entry: _Entry) -> Callable[[Any], bool]:
    def may_see(request: Any) -> bool:
        return entry.is_on() and any(request.user.has_perm(f"admin.{verb}_{name}") for verb in ("view", "change"))

    return may_see


def _view(site: Any, entry: _Entry) -> Callable[[Any], Any]:
    made: list[Any] = []

    def view(request: Any) -> Any:
        if not made:
            module, _, kind = entry.place.rpartition(".")
            made.append(getattr(import_module(module), kind)(site))
        return made[0].answer(request)

    return view
