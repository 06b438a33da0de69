"""For tests of apps: a live server, changed settings, and fixtures for pytest."""

from spruce.testing.liveserver import LiveServer
from spruce.testing.logins import force_login
from spruce.testing.overriding import override_settings
from spruce.web.testsocket import WebSocketRefused

__all__ = ["LiveServer", "WebSocketRefused", "force_login", "override_settings"]
