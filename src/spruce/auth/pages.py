"""The pages of accounts: log in and out, change a password, be sent a new one, register, one's sessions.

They are a blueprint, `auth`, below AUTH_URL_PREFIX, with templates `auth/….html` that an app replaces by its own of the
same names; most often `auth/base.html` alone. What the pages say never tells whether an address or a name is known.
"""

from functools import partial
from pathlib import Path
from typing import Any

from spruce import config, db
from spruce.auth import forms, mails, sessions, views
from spruce.auth.auditing import record
from spruce.auth.blueprint import form_page, mailed, next_page, pages, shown
from spruce.auth.decorators import login_not_required, login_required
from spruce.auth.factorpages import second_factor
from spruce.auth.logins import login as log_in
from spruce.auth.resettokens import confirmed_address
from spruce.auth.secondsteps import reached_without_factor
from spruce.auth.throttling import remember_device
from spruce.auth.tokenpages import user_tokens
from spruce.errors import IntegrityError
from spruce.http import Request, Response
from spruce.i18n import gettext
from spruce.web import abort, redirect, send_file, url_for

__all__ = ["pages"]

_OTHERS = (user_tokens, second_factor)
"""Imported, so that the blueprint has the pages of these modules too."""

_STYLE = Path(__file__).with_name("auth.css")


@pages.get("/auth.css", openapi=False)
@login_not_required
@reached_without_factor
def style() -> Response:
    """The looks of the pages, for `auth/base.html`."""
    return send_file(_STYLE, "text/css", max_age=3600)


for _path, _view in (
    ("/login/", views.LoginView.as_view("login")),
    ("/logout/", reached_without_factor(views.LogoutView.as_view("logout"))),
    ("/password_change/", views.PasswordChangeView.as_view("password_change")),
    ("/password_change/done/", views.PasswordChangeDoneView.as_view("password_change_done")),
    ("/password_reset/", views.PasswordResetView.as_view("password_reset")),
    ("/password_reset/done/", views.PasswordResetDoneView.as_view("password_reset_done")),
    ("/reset/<uidb64>/<token>/", views.PasswordResetConfirmView.as_view("password_reset_confirm")),
    ("/reset/done/", views.PasswordResetCompleteView.as_view("password_reset_complete")),
):
    pages.add_url_rule(_path, view_func=_view, openapi=False)


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
        with db.atomic():
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
