"""`INSTALLED_APPS=["spruce.auth"]`: all that an app needs for accounts, put where it belongs."""

from collections.abc import Iterator
from logging import getLogger
from typing import Any

from spruce import config
from spruce.auth.auditing import listen
from spruce.auth.checks import check_accounts
from spruce.auth.currentuser import current_user, perms
from spruce.auth.pages import pages
from spruce.auth.permissions import create_permissions, knows_labels, remember_labels
from spruce.auth.usermodel import get_user_model
from spruce.db.signals import post_migrate
from spruce.errors import OperationalError
from spruce.middleware.databasestore import StoredSession
from spruce.web import AppConfig, has_request_context
from spruce.web.checks import Finding

__all__ = ["AuthConfig", "make_permissions"]

_log = getLogger("spruce.auth")
_SESSION_TABLE = StoredSession
"""Imported, so that `db.create_all()` and migrations know the table of sessions."""

_MIDDLEWARE = "spruce.auth.middleware.AuthenticationMiddleware"
_SESSIONS = "spruce.middleware.sessions.SessionMiddleware"
_VIEWER = "spruce.apm.startup.viewer_middleware"


class AuthConfig(AppConfig):
    """Users, log-in, permissions: models, middleware, pages, template names, commands and checks.

    Sessions are in the database unless SESSION_ENGINE says something else, so that a log-out ends them on the server.
    """

    verbose_name = "Accounts"

    def ready(self) -> None:
        """Have models, middleware and pages."""
        settings = self.app.config
        token = config.use(settings)
        try:
            remember_labels(settings, {one.name: label for label, one in self.app.installed.items()})
            get_user_model()
        finally:
            config.leave(token)
        if settings["SESSION_ENGINE"] is None:
            settings["SESSION_ENGINE"] = "database"
        post_migrate.connect(make_permissions)
        self._stand_behind_sessions()
        if settings["AUTH_URL_PREFIX"]:
            self.app.register_blueprint(pages, url_prefix=settings["AUTH_URL_PREFIX"])
        listen()
        self.app.add_hook("processors", _of_templates)

    def check(self, deploy: bool) -> Iterator[Finding]:
        """Return what is wrong with the settings of accounts."""
        return check_accounts(self.app, deploy)

    def _stand_behind_sessions(self) -> None:
        """Put the middleware into the usual ones, further in than the session's."""
        settings = self.app.config
        if _MIDDLEWARE in settings["MIDDLEWARE"] or _MIDDLEWARE in settings["DEFAULT_MIDDLEWARE"]:
            return
        if _SESSIONS in settings["MIDDLEWARE"]:
            own = list(settings["MIDDLEWARE"])
            own.insert(own.index(_SESSIONS) + 1, _MIDDLEWARE)
            settings["MIDDLEWARE"] = own
        else:
            usual = list(settings["DEFAULT_MIDDLEWARE"])
            at = usual.index(_VIEWER) if _VIEWER in usual else len(usual)  # which may ask who is logged in
            settings["DEFAULT_MIDDLEWARE"] = [*usual[:at], _MIDDLEWARE, *usual[at:]]


def _of_templates() -> dict[str, Any]:
    """What each template knows of who is logged in."""
    return {"user": current_user, "current_user": current_user, "perms": perms} if has_request_context() else {}


def make_permissions(using: str, **more: Any) -> None:
    """Make the permissions of new models, where the app that has the tables made has accounts."""
    if not knows_labels():
        return
    try:
        create_permissions(using)
    except OperationalError as error:
        _log.debug("the tables of accounts aren't there yet, so there are no permissions: %s", error)
