"""For tests of apps: a live server, changed settings, jobs on a clock of the test's, and fixtures for pytest."""

from typing import TYPE_CHECKING, Any

from spruce.testing.liveserver import LiveServer
from spruce.testing.logins import force_login
from spruce.testing.overriding import override_settings
from spruce.web.testsocket import WebSocketRefused

if TYPE_CHECKING:
    from spruce.testing.jobs import Jobs

__all__ = ["Jobs", "LiveServer", "WebSocketRefused", "force_login", "override_settings"]


def __getattr__(name: str) -> Any:
    if name == "Jobs":
        from spruce.testing.jobs import Jobs  # and with it the database, for tests that have jobs

        return Jobs
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
