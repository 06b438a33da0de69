"""Which settings hold here: those of the entered app, else of the app that was made last, else the defaults."""

from contextvars import ContextVar, Token

from spruce.config.settings import Settings

__all__ = ["current", "install", "leave", "use"]

_entered: ContextVar[Settings | None] = ContextVar("spruce_settings", default=None)


class _Process:
    """What holds for the whole process when no app is entered."""

    installed: Settings | None = None
    defaults: Settings | None = None


def current() -> Settings:
    """Return the settings that hold in this green thread, task or OS thread. Cheap: a look-up and a test."""
    entered = _entered.get()
    if entered is not None:
        return entered
    return _Process.installed if _Process.installed is not None else _defaults()


def _defaults() -> Settings:
    if _Process.defaults is None:
        _Process.defaults = Settings()
    return _Process.defaults


def install(settings: Settings | None) -> None:
    """Let `settings` hold wherever no app is entered, in every thread; None goes back to the defaults."""
    _Process.installed = settings


def use(settings: Settings) -> Token[Settings | None]:
    """Let `settings` hold in this context until the returned token is given to `leave`."""
    return _entered.set(settings)


def leave(token: Token[Settings | None]) -> None:
    """Undo the `use` that gave `token`."""
    _entered.reset(token)
