"""The step between a right password and being logged in: who has to show a code, and who is waiting to.

Who has typed the right password is still nobody: the session keeps whose it was, for ten minutes, and a code lets in.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from spruce import config
from spruce.auth.factors import factor_of
from spruce.auth.usermodel import get_user_model
from spruce.http import Request, Response
from spruce.middleware.origins import url_has_allowed_host_and_scheme
from spruce.web import redirect, url_for

__all__ = ["end_waiting", "wait_for_code", "waiting_user", "wants_code"]

_PENDING = "_auth_second_step"
_LASTS = timedelta(minutes=10)


def wants_code(user: Any) -> bool:
    """Whether a log-in of the user needs a code behind the password."""
    return bool(config.current()["AUTH_TOTP"]) and factor_of(user) is not None


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
    if not kept or not config.current()["AUTH_TOTP"] or kept["until"] <= datetime.now(UTC):
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
