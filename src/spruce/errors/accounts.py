"""Errors of accounts and mail: who may not, who has to wait, and mails that cannot be sent."""

from spruce.errors.http import Forbidden, TooManyRequests
from spruce.errors.tree import SpruceError

__all__ = ["BadHeaderError", "MailError", "PermissionDenied", "TooManyAttempts"]


class PermissionDenied(Forbidden):
    """403: who is logged in may not do this. A backend that raises it ends the asking of others."""

    description = "You are not allowed to do this."


class TooManyAttempts(TooManyRequests):
    """429: too many log-ins failed; `seconds` is how long to wait."""

    description = "Too many attempts failed; wait a little before the next one."

    def __init__(self, seconds: int) -> None:
        super().__init__(retry_after=seconds)
        self.seconds = seconds


class MailError(SpruceError):
    """A mail could not be given to the server, or is none: it has no recipient, or a header that cannot be."""


class BadHeaderError(MailError, ValueError):
    """A header has a line break, by which somebody would write further headers."""
