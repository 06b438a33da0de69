"""Errors of signatures, sessions, and requests that were refused for the visitor's own safety."""

from spruce.errors.http import BadRequest, Forbidden
from spruce.errors.tree import SpruceError

__all__ = ["BadSignature", "CsrfError", "DisallowedHost", "SessionError", "SignatureExpired"]


class BadSignature(SpruceError, ValueError):
    """A text was not signed with this key, or was changed since."""


class SignatureExpired(BadSignature):
    """The signature is right, but older than it may be."""


class SessionError(SpruceError):
    """A session cannot be kept: it is too large, holds what cannot be stored, or there is no key to sign it with."""


class CsrfError(Forbidden):
    """403: a browser sent this from another site's page, or without the token; `reason` says which, for the log."""

    description = "This form belongs to another site, or its page is too old. Open the page anew and try again."

    def __init__(self, reason: str) -> None:
        super().__init__()
        self.reason = reason


class DisallowedHost(BadRequest):
    """400: the request is for a host that the app does not answer for."""

    description = "This server does not answer for the host of the request."
