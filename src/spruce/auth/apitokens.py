"""Tokens for programs: `Authorization: Bearer spr_…`. Kept as hashes; what they begin with is shown to people.

A token counts only in views that say so by `token_required`, and there only for the scopes that it has; everywhere else
who sends one is nobody. It has 256 bits, so its SHA-256 tells nothing of it, and one query finds it.
"""

import secrets
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from functools import wraps
from hashlib import sha256
from inspect import iscoroutine
from typing import Any, NamedTuple

from spruce.auth.auditing import record
from spruce.auth.models import APIToken, key_of
from spruce.auth.secondsteps import lacks_factor
from spruce.auth.usermodel import get_user_model
from spruce.errors import Forbidden, Unauthorized
from spruce.http import Request
from spruce.web import request as current_request
from spruce.web.awaiting import await_

__all__ = ["NewToken", "create_token", "revoke_token", "token_of", "token_required", "tokens_of"]

View = Callable[..., Any]

_PREFIX = "spr_"
_SHOWN = len(_PREFIX) + 6
_SEEN_EVERY = timedelta(minutes=1)


class NewToken(NamedTuple):
    """A token that was just made: `text` is for the program, and is nowhere to be seen again."""

    text: str
    token: APIToken


def create_token(
    user: Any,
    name: str,
    scopes: Iterable[str] = (),
    expires: datetime | timedelta | None = None,
    request: Request | None = None,
) -> NewToken:
    """Make a token of a user, for some scopes, which ends at a time, after one, or never (None)."""
    words = list(scopes)
    if isinstance(scopes, str) or any(not word or word.split() != [word] for word in words):
        raise ValueError(f"scopes are words without spaces, in a list, not {scopes!r}")
    text = _PREFIX + secrets.token_urlsafe(32)
    until = datetime.now(UTC) + expires if isinstance(expires, timedelta) else expires
    token = APIToken.objects.create(
        user_key=key_of(user),
        name=name,
        prefix=text[:_SHOWN],
        digest=_digest(text),
        scopes=" ".join(words),
        expires=until,
    )
    record("token_created", request, user, token=token.prefix, name=name, scopes=token.scopes)
    return NewToken(text, token)


def tokens_of(user: Any) -> list[APIToken]:
    """Return the tokens of a user, the latest first."""
    return list(APIToken.objects.filter(user_key=key_of(user)))


def revoke_token(user: Any, pk: Any, request: Request | None = None) -> bool:
    """Let a token of the user count no more; whether there was one."""
    found = APIToken.objects.filter(user_key=key_of(user), pk=pk).first()
    if found is None:
        return False
    found.delete()
    record("token_revoked", request, user, token=found.prefix, name=found.name)
    return True


def token_of(text: str) -> tuple[APIToken, Any] | None:
    """Return the token that a program sent and its user; None when it doesn't count, or its user isn't active."""
    found = APIToken.objects.filter(digest=_digest(text)).first()
    if found is None or found.is_expired:
        return None
    model = get_user_model()
    user = model._default.filter(pk=model._meta.pk.comparable(found.user_key), is_active=True).first()
    if user is None:
        return None
    now = datetime.now(UTC)
    if found.last_used is None or now - found.last_used > _SEEN_EVERY:
        found.last_used = now
        found.save(update_fields=["last_used"])
    return found, user


def token_required(*scopes: str) -> Callable[[View], View]:
    """Call the view for programs with a token that has all these scopes; `request.user` is its user.

    Others get 401, or 403 for a token that lacks a scope (RFC 6750), or whose user must have a second factor, has none,
    and has a password to log in with. The session of a browser doesn't count, so such a
    view needs no protection against other sites: mark it `csrf_exempt`.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def call(*args: Any, **kwargs: Any) -> Any:
            _admit(current_request._get_current_object(), scopes)  # type: ignore[attr-defined] # a proxy's own method
            result = view(*args, **kwargs)
            return await_(result) if iscoroutine(result) else result

        return call

    return decorate


def _admit(request: Request, scopes: tuple[str, ...]) -> None:
    given = request.authorization
    if given is None or given.type != "bearer" or not given.token:
        raise _unauthorized("Bearer")
    found = token_of(given.token)
    if found is None:
        raise _unauthorized('Bearer error="invalid_token"')
    token, user = found
    if lacks_factor(user) and user.has_usable_password():
        raise Forbidden("The user of the token has to turn on a second factor first, by logging in.")
    lacking = [scope for scope in scopes if scope not in token.scope_list]
    if lacking:
        error = Forbidden("The token lacks the scope " + ", ".join(lacking) + ".")
        error.headers.append(("WWW-Authenticate", f'Bearer error="insufficient_scope", scope="{" ".join(scopes)}"'))
        raise error
    request.user = user
    request.state["spruce.auth.token"] = token


def _unauthorized(challenge: str) -> Unauthorized:
    error = Unauthorized("A token is needed: Authorization: Bearer …")
    error.headers.append(("WWW-Authenticate", challenge))
    return error


def _digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()
