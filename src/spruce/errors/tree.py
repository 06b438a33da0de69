"""The root of Spruce's public exceptions, and the errors that belong to no single layer.

Every exception that Spruce raises on purpose is a `SpruceError`. Its text says what happened and, as a hint, what to do
next.
"""

from collections.abc import Iterable
from difflib import get_close_matches

__all__ = [
    "AppImportError",
    "AppNotFound",
    "ConfigError",
    "ContextError",
    "GreenError",
    "HostedAppError",
    "MiddlewareNotUsed",
    "PortInUse",
    "RoutingError",
    "ServerError",
    "SpruceError",
    "TemplateNotFound",
    "ViewError",
    "nearest",
]


class SpruceError(Exception):
    """The base of every error that Spruce raises on purpose.

    `str(error)` is one line: the message and, when there is one, the hint behind it.
    """

    def __init__(self, message: str = "", *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        if not self.hint:
            return self.message
        return f"{self.message}{'' if self.message.endswith(('.', '?', '!')) else '.'} {self.hint}"

    def __reduce__(self) -> tuple[object, ...]:
        return _restore, (type(self), self.args, self.__dict__)


def _restore(cls: type[SpruceError], args: tuple[object, ...], attributes: dict[str, object]) -> SpruceError:
    error = cls.__new__(cls, *args)
    error.args = args
    error.__dict__.update(attributes)
    return error


class ConfigError(SpruceError):
    """A setting is unknown, has a value of the wrong type, or cannot be used as it stands."""


class GreenError(SpruceError, RuntimeError):
    """A green thread, or what green threads share, was used in a way that cannot work."""


class ContextError(SpruceError, RuntimeError):
    """`request`, `current_app`, `g` or something that needs them was used where there is no such context."""


class MiddlewareNotUsed(SpruceError):
    """Raised by a middleware when it is made: it has nothing to do here, so it is left out of the stack."""


class RoutingError(SpruceError, ValueError):
    """A route cannot be added, or a URL cannot be built."""


class ViewError(SpruceError, TypeError):
    """A view takes or returns something that cannot be made into a request's parameter or a response."""


class TemplateNotFound(SpruceError, LookupError):
    """No template of that name is in any of the folders that were searched."""


class HostedAppError(SpruceError, TypeError):
    """A WSGI or ASGI application that Spruce serves broke the rules of its interface."""


class ServerError(SpruceError):
    """The server cannot start or go on."""


class PortInUse(ServerError):
    """Another process already listens on the address that the server was told to use."""


class AppNotFound(SpruceError, LookupError):
    """The application that a command was told to use could not be found."""


class AppImportError(SpruceError):
    """The application that a command was told to use was found, but its own code raised what is in `__cause__`."""


def nearest(name: str, names: Iterable[str]) -> str:
    """Return `"; did you mean 'x'?"` for the one of `names` that is most like `name`, or `""` when none is near.

    Meant to be put behind an error's message; upper and lower case count as the same.
    """
    folded = {candidate.casefold(): candidate for candidate in names}
    found = get_close_matches(name.casefold(), folded, n=1)
    return f"; did you mean {folded[found[0]]!r}?" if found else ""
