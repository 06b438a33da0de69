"""Settings that hold for a while: `with override_settings(app, DEBUG=True):`."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from spruce.errors import ConfigError
from spruce.web import App

__all__ = ["override_settings"]

_FIXED = ("DATABASES", "DATABASE_ROUTERS", "INSTALLED_APPS", "INSTANCE_PATH")


@contextmanager
def override_settings(app: App, **settings: Any) -> Iterator[App]:
    """Give `app` other settings within a `with`, or a decorated function; the stack is put together anew for them.

    Raises: ConfigError for a value of the wrong type, and for a setting that an app needs from the beginning.
    """
    fixed = [name for name in settings if name in _FIXED]
    if fixed:
        raise ConfigError(
            f"{fixed[0]} cannot be overridden: what was made from it is in use",
            hint=f"Make another app, as in create_app({fixed[0]}=...).",
        )
    missing = [name for name in settings if name not in app.config]
    before = {name: app.config[name] for name in settings if name in app.config}
    try:
        app.config.update(settings)
        app.changed()
        yield app
    finally:
        app.config.update(before)
        for name in missing:
            app.config.pop(name, None)
        app.changed()
