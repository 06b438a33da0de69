"""For tests of apps: a live server, changed settings, and fixtures for pytest."""

from spruce.testing.liveserver import LiveServer
from spruce.testing.overriding import override_settings

__all__ = ["LiveServer", "override_settings"]
