"""The pages of the second factor: the code behind a log-in, turning it on and off, recovery codes.

They are there with AUTH_TOTP, or where AUTH_SECOND_FACTOR wants some to have one, who then can't turn it off.
"""

from time import time
from typing import Any

from spruce.auth import sessions
from spruce.auth.blueprint import form_page, next_page, pages, shown
from spruce.auth.decorators import login_not_required, login_required
from spruce.auth.factors import check_code, factor_of, new_recovery_codes, recovery_codes_left, turn_off, turn_on
from spruce.auth.forms import AccountForm, CurrentPasswordForm
from spruce.auth.logins import login as log_in
from spruce.auth.logins import note_second_factor
from spruce.auth.secondsteps import (
    end_waiting,
    factors_are_offered,
    must_have_factor,
    reached_without_factor,
    waiting_user,
)
from spruce.auth.throttling import remember_device
from spruce.auth.totp import matching_step, new_secret, uri_of
from spruce.errors import TooManyAttempts, ValidationError
from spruce.forms.fields import CharField
from spruce.http import Request, Response
from spruce.i18n import gettext_lazy, ngettext
from spruce.web import abort, redirect, url_for

__all__ = ["second_factor", "second_step"]

_SECRET = "_auth_new_secret"  # noqa: S105 - the name of a value in sessions
_MOST = 64


def _code_field() -> CharField:
    made = CharField(label=gettext_lazy("Code"), max_length=_MOST, autocomplete="one-time-code")
    made.widget.attrs.update(inputmode="text", autocapitalize="characters", spellcheck="false")
    return made


class CodeForm(AccountForm):
    """The code behind a password; `seconds` is how long to wait after too many tries."""

    seconds = 0

    def __init__(self, user: Any, data: Any = None, request: Request | None = None, **options: Any) -> None:
        super().__init__(data, **options)
        self.user, self.request = user, request
        code = _code_field()
        code.widget.attrs["autofocus"] = True
        self.fields = {"code": code}

    def clean_code(self) -> str:
        """Look whether it counts."""
        given: str = self.cleaned_data["code"]
        try:
            right = self.request is not None and check_code(self.request, self.user, given)
        except TooManyAttempts as error:
            self.seconds = error.seconds
            raise ValidationError(
                ngettext(
                    "Too many attempts failed. Wait %(num)d second before the next one.",
                    "Too many attempts failed. Wait %(num)d seconds before the next one.",
                    error.seconds,
                ),
                "too_many_attempts",
            ) from None
        if not right:
            raise ValidationError(gettext_lazy("This code does not count. Take the one that is shown now."), "invalid")
        return given


class NewFactorForm(CurrentPasswordForm):
    """The current password, and a code that shows that the app has the secret; a valid one has `step`."""

    step = 0

    def __init__(self, user: Any, secret: str, data: Any = None, request: Request | None = None) -> None:
        super().__init__(user, data, request)
        self.secret = secret
        self.fields["code"] = _code_field()

    def clean_code(self) -> str:
        """Look whether it is of the secret."""
        given = "".join(self.cleaned_data["code"].split())
        step = matching_step(self.secret, given, time())
        if step is None:
            raise ValidationError(gettext_lazy("This code does not count. Take the one that is shown now."), "invalid")
        self.step = step
        return given


@pages.route("/login/code/", methods=["GET", "POST"], openapi=False)
@login_not_required
@reached_without_factor
def second_step(request: Request) -> Any:
    """Log in by the code, behind the password."""
    user = waiting_user(request)
    if user is None:
        return redirect(url_for("auth.login"), 303)
    form = CodeForm(user, request, request)
    if not form.is_valid():
        return form_page("second_step", form)
    target = end_waiting(request)
    log_in(request, user)
    note_second_factor(request)
    response = redirect(target or next_page(request, "LOGIN_REDIRECT_URL"), 303)
    remember_device(request, response, user.get_username())
    return response


@pages.route("/second_factor/", methods=["GET", "POST"], openapi=False)
@login_required
def second_factor(request: Request) -> Any:
    """Turn one's second factor on or off, or have new recovery codes; the password is asked for."""
    if not factors_are_offered():
        abort(404)
    return _change(request) if factor_of(request.user) is not None else _begin(request)


def _begin(request: Request) -> Response:
    user = request.user
    secret = request.session.get(_SECRET) if request.method == "POST" else None
    if secret is None:
        secret = request.session[_SECRET] = new_secret()
    form = NewFactorForm(user, secret, request, request)
    if not form.is_valid():
        uri = uri_of(secret, request.host, user.get_username())
        return form_page(
            "second_factor_new",
            form,
            secret=secret,
            uri=uri,
            picture=_picture(uri),
            required=must_have_factor(user),
            next=next_page(request),
        )
    request.session.pop(_SECRET, None)
    codes = turn_on(user, secret, form.step, request)
    sessions.end_other_sessions(request)
    note_second_factor(request)
    return shown("recovery_codes", 201, codes=codes, next=next_page(request))


def _change(request: Request) -> Response:
    user = request.user
    form = CurrentPasswordForm(user, request, request)
    if not form.is_valid():
        return form_page("second_factor", form, left=recovery_codes_left(user), required=must_have_factor(user))
    if request.form.get("do") == "codes":
        return shown("recovery_codes", 201, codes=new_recovery_codes(user, request))
    if request.form.get("do") == "off" and not must_have_factor(user):  # and not what turned it on, sent again
        turn_off(user, request)
    return redirect(url_for("auth.second_factor"), 303)


def _picture(uri: str) -> str:
    """The picture for the app's camera, as SVG; "" without the library that draws it."""
    try:
        import segno  # an extra, for this page only
    except ImportError:
        return ""
    return str(segno.make(uri, error="m").svg_inline(scale=5, border=4, light="#fff", dark="#000"))
