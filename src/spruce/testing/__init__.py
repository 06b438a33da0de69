"""For tests of apps: a live server, changed settings, jobs on a clock of the test's, and fixtures for pytest."""

from spruce.testing.jobs import Jobs
from spruce.testing.liveserver import LiveServer
from spruce.testing.logins import force_login
from spruce.testing.overriding import override_settings
from spruce.web.testsocket import WebSocketRefused

__all__ = ["Jobs", "LiveServer", "WebSocketRefused", "force_login", "override_settings"]
