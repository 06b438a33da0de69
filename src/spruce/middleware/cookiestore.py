"""Sessions in signed cookies: nothing is kept on the server, so everything has to fit into one cookie.

The visitor can read what is in it, and cannot change it. Two limits come with the place: a session cannot be ended from
the server before it expires, so an old cookie that somebody kept counts until then; and of two requests at one time
that both change the session, the answer that comes last wins, as the browser holds one cookie. Where either matters,
sessions belong into the database.
"""

from datetime import UTC, datetime

from spruce import config
from spruce.errors import BadSignature, SessionError
from spruce.middleware.packing import pack
from spruce.middleware.sessions import Kept, Session
from spruce.middleware.signing import HOW_TO_MAKE_A_KEY, Signer

__all__ = ["CookieStore"]

_SALT = "spruce.session"
_MOST_BYTES = 3900
"""What a value may have, so that its name and attributes find their place in the 4,096 bytes that browsers keep."""


class CookieStore:
    """Gives the browser the whole session, signed by SECRET_KEY, with the time until which it counts."""

    def __init__(self, settings: config.Settings) -> None:
        self._settings = settings
        self._made: Signer | None = None

    def load(self, cookie: str) -> Kept | None:
        """Return the session in a cookie; None when it isn't ours, was changed, or has expired. Without a key: None."""
        if not self._settings["SECRET_KEY"]:
            return None
        try:
            expires, began, values = self._signer.unsign_bytes(cookie).decode().split(".", 2)
        except BadSignature:
            return None
        if float(expires) <= datetime.now(UTC).timestamp():
            return None
        return Kept(values, datetime.fromtimestamp(float(began), UTC))

    def save(self, session: Session, expires: datetime, *, prolong: bool) -> str:
        """Return the cookie. Raises: SessionError when the session is too large for one, or there is no key."""
        if not self._settings["SECRET_KEY"]:
            raise SessionError("the session cannot be kept, as SECRET_KEY is not set", hint=HOW_TO_MAKE_A_KEY)
        began = session.kept.began if session.kept is not None else datetime.now(UTC)
        text = f"{expires.timestamp():.0f}.{began.timestamp():.0f}.{pack(session.values_now)}"
        cookie = self._signer.sign_bytes(text.encode(), compress=True)
        if len(cookie) > _MOST_BYTES:
            raise SessionError(
                f"the session has {len(cookie):,} bytes as a cookie, and {_MOST_BYTES:,} are what browsers keep; "
                f"the largest of it: {_largest(session)}",
                hint="Keep less in it, such as an id instead of a thing, or set SESSION_ENGINE = 'database'.",
            )
        return cookie

    def delete(self, kept: Kept) -> None:
        """Do nothing: the browser is told to forget the cookie."""

    def clear_expired(self) -> int:
        """Do nothing: browsers do it."""
        return 0

    @property
    def _signer(self) -> Signer:
        if self._made is None:
            keys = [self._settings["SECRET_KEY"], *self._settings["SECRET_KEY_FALLBACKS"]]
            self._made = Signer(key=keys[0], salt=_SALT, fallback_keys=keys[1:])
        return self._made


def _largest(session: Session) -> str:
    sizes = {key: len(pack({key: value})) for key, value in session.values_now.items()}
    largest = sorted(sizes, key=lambda key: -sizes[key])[:3]
    return ", ".join(f"{key!r} ({sizes[key]:,} bytes)" for key in largest)
