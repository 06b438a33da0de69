"""For tests of apps: a live server, changed settings, and fixtures for pytest."""

from spruce.testing.liveserver import LiveServer
from spruce.testing.overriding import override_settings
from spruce.web.testsocket import WebSocketRefused

__all__ = ["LiveServer", "WebSocketRefused", "override_settings"]
