"""The pages of accounts: log in and out, change a password, be sent a new one, register, one's sessions.

They are a blueprint, `auth`, below AUTH_URL_PREFIX, with templates `auth/….html` that an app replaces by its own of the
same names; most often `auth/base.html` alone. What the pages say never tells whether an address or a name is known.
"""

from functools import partial
from pathlib import Path
from typing import Any

from spruce import config
from spruce.auth import forms, mails, sessions
from spruce.auth.auditing import record
from spruce.auth.blueprint import form_page, mailed, next_page, pages, shown
from spruce.auth.decorators import login_not_required, login_required
from spruce.auth.factorpages import second_factor, wait_for_code, wants_code
from spruce.auth.logins import login as log_in
from spruce.auth.logins import logout as log_out
from spruce.auth.logins import update_session_auth_hash
from spruce.auth.resettokens import confirmed_address, default_token_generator, user_of
from spruce.auth.throttling import remember_device
from spruce.auth.tokenpages import user_tokens
from spruce.errors import IntegrityError
from spruce.http import Request, Response
from spruce.i18n import gettext
from spruce.web import abort, redirect, send_file, url_for

__all__ = ["pages"]

_RESET = "_password_reset_token"
_OTHERS = (user_tokens, second_factor)
"""Imported, so that the blueprint has the pages of these modules too."""

_STYLE = Path(__file__).with_name("auth.css")


@pages.get("/auth.css", openapi=False)
@login_not_required
def style() -> Response:
    """The looks of the pages, for `auth/base.html`."""
    return send_file(_STYLE, "text/css", max_age=3600)


@pages.route("/login/", methods=["GET", "POST"], openapi=False)
@login_not_required
def login(request: Request) -> Any:
    """Log in."""
    form = forms.AuthenticationForm(request)
    if not form.is_valid():
        return form_page("login", form, next=request.form.get("next") or request.args.get("next", ""))
    if wants_code(form.user):
        return wait_for_code(request, form.user, request.form.get("next", ""))
    log_in(request, form.user)
    response = redirect(next_page(request, "LOGIN_REDIRECT_URL"), 303)
    remember_device(request, response, form.cleaned_data["username"])
    return response


@pages.route("/logout/", methods=["GET", "POST"], openapi=False)
@login_not_required
def logout(request: Request) -> Any:
    """Log out; a link leads to a page with a button, since links are followed by others than people."""
    if request.method != "POST":
        return shown("logout")
    log_out(request)
    target = next_page(request, "LOGOUT_REDIRECT_URL")
    return redirect(target, 303) if target else shown("logged_out")


@pages.route("/password_change/", methods=["GET", "POST"], openapi=False)
@login_required
def password_change(request: Request) -> Any:
    """Change one's password; the current one is asked for."""
    form = forms.PasswordChangeForm(request.user, request, request)
    if not form.is_valid():
        return form_page("password_change", form)
    form.save()
    update_session_auth_hash(request, request.user)
    record("password_changed", request, request.user)
    mails.tell_of_new_password(request, request.user)
    return redirect(url_for("auth.password_change_done"), 303)


@pages.get("/password_change/done/", openapi=False)
@login_required
def password_change_done() -> Response:
    """Say that it was."""
    return shown("password_change_done")


# A new password by mail


@pages.route("/password_reset/", methods=["GET", "POST"], openapi=False)
@login_not_required
def password_reset(request: Request) -> Any:
    """Have a link sent; what is said, and how long that takes, is the same for unknown addresses."""
    return mailed("password_reset", forms.PasswordResetForm(request), partial(mails.send_reset, request))


@pages.get("/password_reset/done/", openapi=False)
@login_not_required
def password_reset_done() -> Response:
    """Say that a mail is on its way, if there is an account."""
    return shown("password_reset_done")


@pages.route("/reset/<uid>/<token>/", methods=["GET", "POST"], openapi=False)
@login_not_required
def password_reset_confirm(request: Request, uid: str, token: str) -> Any:
    """Choose a new password, by a link. The token goes into the session first, and leaves the address."""
    user = user_of(uid)
    if token != "set-password":  # noqa: S105 - what stands in the address instead of a token
        if not default_token_generator.check_token(user, token):
            return shown("password_reset_invalid", 404)
        request.session[_RESET] = token
        return redirect(url_for("auth.password_reset_confirm", uid=uid, token="set-password"), 303)  # noqa: S106 - the same
    if not default_token_generator.check_token(user, request.session.get(_RESET)):
        return shown("password_reset_invalid", 404)
    form = forms.SetPasswordForm(user, request)
    if not form.is_valid():
        return form_page("password_reset_confirm", form)
    form.save()
    request.session.pop(_RESET, None)
    record("password_reset", request, user)
    mails.tell_of_new_password(request, user)
    response = redirect(url_for("auth.password_reset_complete"), 303)
    remember_device(request, response, user.get_username())
    return response


@pages.get("/reset/done/", openapi=False)
@login_not_required
def password_reset_complete() -> Response:
    """Say that it was, and where to log in."""
    return shown("password_reset_complete")


# New users


@pages.route("/register/", methods=["GET", "POST"], openapi=False)
@login_not_required
def register(request: Request) -> Any:
    """Make an account: at once where that is open to all, else by a link that is sent to the address."""
    who = config.current()["AUTH_REGISTRATION"]
    if who == "closed":
        abort(404)
    if who == "open":
        return _create(request, forms.UserCreationForm(request), "register")
    return mailed("register", forms.RegistrationForm(request), partial(mails.send_confirmation, request))


@pages.get("/register/done/", openapi=False)
@login_not_required
def register_done() -> Response:
    """Say that a mail is on its way."""
    return shown("register_done")


@pages.route("/register/<token>/", methods=["GET", "POST"], openapi=False)
@login_not_required
def register_confirm(request: Request, token: str) -> Any:
    """Make the account of an address that was confirmed by the link; once."""
    email = confirmed_address(token) if config.current()["AUTH_REGISTRATION"] != "closed" else None
    if email is None or mails.users_with(email):
        return shown("register_invalid", 404)
    return _create(request, forms.UserCreationForm(request, email), "register_confirm", email=email)


def _create(request: Request, form: Any, template: str, **values: Any) -> Response:
    if not form.is_valid():
        return form_page(template, form, **values)
    try:
        user = form.save()
    except IntegrityError:  # somebody else was faster
        form.add_error(None, gettext("This name is taken. Choose another one."))
        return form_page(template, form, **values)
    record("registered", request, user)
    backends = config.current()["AUTHENTICATION_BACKENDS"]
    log_in(request, user, backends[0] if isinstance(backends[0], str) else None)
    response = redirect(next_page(request, "LOGIN_REDIRECT_URL"), 303)
    remember_device(request, response, user.get_username())
    return response


# Sessions


@pages.route("/sessions/", methods=["GET", "POST"], openapi=False)
@login_required
def user_sessions(request: Request) -> Any:
    """The browsers in which one is logged in, and ending what they can do."""
    if request.method == "POST":
        handle = request.form.get("session", "")
        if handle:
            sessions.end_session(request, handle)
        else:
            sessions.end_other_sessions(request)
        return redirect(url_for("auth.user_sessions"), 303)
    return shown("sessions", sessions=sessions.sessions_of(request))
