"""The step between a right password and being logged in: who has to show a code, and who is waiting to.

Who has typed the right password is still nobody: the session keeps whose it was, for ten minutes, and a code lets in.
Who must have a second factor by AUTH_SECOND_FACTOR and has none is logged in, but led to the page where it is turned
on, whatever the address; a session in which none was shown, as one from before, is led to the code.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from inspect import isawaitable
from typing import Any, TypeVar

from spruce import config
from spruce.auth.authentication import load_backend
from spruce.auth.backends import RemoteUserBackend
from spruce.auth.factors import factor_of
from spruce.auth.logins import BACKEND_SESSION_KEY, SESSION_KEY, showed_second_factor
from spruce.auth.usermodel import get_user_model
from spruce.errors import ConfigError, nearest
from spruce.http import Request, Response
from spruce.middleware.origins import SAFE_METHODS, url_has_allowed_host_and_scheme
from spruce.web import note_of, redirect, url_for
from spruce.web.awaiting import await_

__all__ = [
    "WHO",
    "end_waiting",
    "factors_are_offered",
    "lacks_factor",
    "must_have_factor",
    "reached_without_factor",
    "second_step_first",
    "wait_for_code",
    "waiting_user",
    "wants_code",
]

Noted = TypeVar("Noted", bound=Callable[..., Any])

WHO: dict[str, Callable[[Any], bool]] = {
    "optional": lambda user: False,
    "staff": lambda user: bool(getattr(user, "is_staff", False) or getattr(user, "is_superuser", False)),
    "required": lambda user: True,
}
"""What AUTH_SECOND_FACTOR may be besides a callable: who must have one."""

_PENDING = "_auth_second_step"
_LASTS = timedelta(minutes=10)


def factors_are_offered() -> bool:
    """Whether people may have a second factor: by AUTH_TOTP, or since AUTH_SECOND_FACTOR wants some to."""
    settings = config.current()
    return bool(settings["AUTH_TOTP"]) or settings["AUTH_SECOND_FACTOR"] != "optional"


def must_have_factor(user: Any) -> bool:
    """Whether AUTH_SECOND_FACTOR wants the user to have one. Raises: ConfigError when that is no such thing."""
    who = config.current()["AUTH_SECOND_FACTOR"]
    test = who if callable(who) else WHO.get(who)
    if test is None:
        raise ConfigError(
            f"AUTH_SECOND_FACTOR is {who!r}{nearest(str(who), WHO)}",
            hint=f"It is one of {', '.join(WHO)}, or a callable that gets the user.",
        )
    answer = test(user)
    return bool(await_(answer) if isawaitable(answer) else answer)


def lacks_factor(user: Any) -> bool:
    """Whether the user must have a second factor, and has none."""
    return must_have_factor(user) and factor_of(user) is None


def wants_code(user: Any) -> bool:
    """Whether a log-in of the user needs a code behind the password."""
    return factors_are_offered() and factor_of(user) is not None


def reached_without_factor(view: Noted) -> Noted:
    """Let a view be there for who must show or have a second factor first, as that to log out is."""
    view.second_factor = False  # type: ignore[attr-defined] # a note, see second_step_first
    return view


def second_step_first(request: Request) -> Response | None:
    """Return the way to the second factor, for who has to show it, or turn it on, before anything else; None: go on.

    Who is logged in by a server in front (`RemoteUserBackend`) is left to that.
    """
    if config.current()["AUTH_SECOND_FACTOR"] == "optional" or request.session is None:
        return None
    if (
        note_of(request, "second_factor") is False
        or SESSION_KEY not in request.session
        or showed_second_factor(request)
    ):
        return None
    user = request.user
    if not user.is_authenticated or not must_have_factor(user):
        return None
    if isinstance(load_backend(request.session.get(BACKEND_SESSION_KEY, "")), RemoteUserBackend):
        return None
    query = request.query_string.decode("latin-1")
    here = request.root_path + request.path + (f"?{query}" if query else "") if request.method in SAFE_METHODS else ""
    if factor_of(user) is not None:
        request.session.flush()
        return wait_for_code(request, user, here)
    page = url_for("auth.second_factor")
    if request.root_path + request.path == page:
        return None
    response = redirect(url_for("auth.second_factor", next=here) if here else page, 303)
    response.headers["Cache-Control"] = "no-store"
    return response


def wait_for_code(request: Request, user: Any, going_to: str = "", *, trusted: bool = False) -> Response:
    """Remember who has typed the right password, and lead to the page that asks for the code.

    `going_to` is where to go on afterwards; another site counts only if `trusted`, which a visitor's `next` never is.
    """
    if not trusted and not url_has_allowed_host_and_scheme(going_to, {request.host}, request.is_secure):
        going_to = ""
    request.session.cycle_key()
    request.session[_PENDING] = {
        "user": str(user.pk),
        "backend": user.backend,
        "salt": user.get_session_auth_hash(),
        "until": datetime.now(UTC) + _LASTS,
        "to": going_to,
    }
    response = redirect(url_for("auth.second_step"), 303)
    response.headers["Cache-Control"] = "no-store"
    return response


def waiting_user(request: Request) -> Any:
    """Return whose password was typed in this browser, if that was just now and the user still has it; None."""
    kept = request.session.get(_PENDING)
    if not kept or not factors_are_offered() or kept["until"] <= datetime.now(UTC):
        return None
    model = get_user_model()
    user = model._default.filter(pk=model._meta.pk.comparable(kept["user"])).first()
    if user is None or not user.is_active or user.get_session_auth_hash() != kept["salt"]:
        return None
    user.backend = kept["backend"]
    return user


def end_waiting(request: Request) -> str:
    """Forget who was waiting; return where to go on, or "". Call it when the code was right."""
    return str(request.session.pop(_PENDING)["to"])
