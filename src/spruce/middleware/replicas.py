"""Visitors see what they have written, whichever replica of the database answers their next request.

A response to a request that wrote something brings a signed cookie with the position of that write, for as long as a
replica may be behind. What a stream writes while it is sent is not in it.
"""

import math

from spruce import config
from spruce.errors import BadSignature, ConfigError, MiddlewareNotUsed
from spruce.http import Handler, Request, Response
from spruce.middleware.signing import HOW_TO_MAKE_A_KEY, TimestampSigner

__all__ = ["ReplicaMiddleware"]

_COOKIE = "written"
_SALT = "spruce.replicas"
_SPARE = 5  # seconds longer than a replica may be behind: as old as what is known of it can be, and more


class ReplicaMiddleware:
    """Carries over what was written from one request of a visitor to the next; unused without DATABASE_REPLICAS."""

    def __init__(self, get_response: Handler) -> None:
        settings = config.current()
        if not settings["DATABASE_REPLICAS"]:
            raise MiddlewareNotUsed("there are no DATABASE_REPLICAS")
        if not settings["SECRET_KEY"]:
            raise ConfigError(
                "DATABASE_REPLICAS needs SECRET_KEY: what visitors have written is remembered in a signed cookie",
                hint=HOW_TO_MAKE_A_KEY,
            )
        from spruce.db.causality import last_write, read_after  # apps without a database need not load all that
        from spruce.db.replicas import start_anew  # as above

        self.get_response = get_response
        self._start, self._read_after, self._last_write = start_anew, read_after, last_write
        self._signer = TimestampSigner(salt=_SALT)
        self._seconds = math.ceil(settings["DATABASE_REPLICA_LAG"]) + _SPARE

    def __call__(self, request: Request) -> Response:
        """Handle `request` as one who has seen what its cookie tells of."""
        self._start()
        before = self._token_of(request)
        self._read_after(before)
        response = self.get_response(request)
        written = self._last_write()
        if written != before:
            response.set_cookie(
                _COOKIE,
                self._signer.sign(written),
                self._seconds,
                httponly=True,
                samesite="Lax",
                secure=request.is_secure,
            )
        return response

    def _token_of(self, request: Request) -> str:
        cookie = request.cookies.get(_COOKIE)
        if cookie is None:
            return ""
        try:
            return self._signer.unsign(cookie, self._seconds)
        except BadSignature:  # or an old one, which every replica has caught up with
            return ""
