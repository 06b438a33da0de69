"""The page of one's tokens for programs: a list, making one that is shown once, ending one.

It is there where AUTH_TOKEN_SCOPES says which scopes people may give to their tokens.
"""

from datetime import timedelta
from typing import Any

from spruce import config
from spruce.auth.apitokens import create_token, revoke_token, tokens_of
from spruce.auth.blueprint import form_page, pages, shown
from spruce.auth.decorators import login_required
from spruce.auth.forms import AccountForm
from spruce.errors import ValidationError
from spruce.forms.choicefields import ChoiceField, MultipleChoiceField
from spruce.forms.choicewidgets import CheckboxSelectMultiple
from spruce.forms.fields import CharField
from spruce.http import Request, Response
from spruce.i18n import gettext, gettext_lazy, ngettext_lazy
from spruce.web import abort, redirect, url_for

__all__ = ["TokenForm", "user_tokens"]

_MOST = 50
"""Tokens that one user may have by this page."""

_DAYS = (7, 30, 90, 365)


def _times() -> list[tuple[str, Any]]:
    for_days = [(str(days), ngettext_lazy("%(num)d day", "%(num)d days", days)) for days in _DAYS]
    return [*for_days, ("", gettext_lazy("Until I end it"))]


def _scopes() -> list[tuple[str, Any]]:
    """The scopes that people may give, with their names."""
    told = config.current()["AUTH_TOKEN_SCOPES"]
    return list(told.items()) if isinstance(told, dict) else [(scope, scope) for scope in told]


class TokenForm(AccountForm):
    """What a new token of `user` is called, how long it counts, and what for; `save()` makes it."""

    name = CharField(label=gettext_lazy("What it is for"), max_length=100, autocomplete="off")
    days = ChoiceField(label=gettext_lazy("How long it counts"), required=False, initial="30")

    def __init__(self, user: Any, data: Any = None, **options: Any) -> None:
        super().__init__(data, **options)
        self.user = user
        days: Any = self.fields["days"]
        days.choices = _times()
        scopes = _scopes()
        if scopes:
            self.fields["scopes"] = MultipleChoiceField(
                label=gettext_lazy("What it may"), choices=scopes, required=False, widget=CheckboxSelectMultiple
            )

    def clean(self) -> Any:
        """Look whether the user may have one more."""
        if len(tokens_of(self.user)) >= _MOST:
            raise ValidationError(gettext("You have as many tokens as can be. End one first."), "too_many")
        return self.cleaned_data

    def save(self, request: Request) -> Any:
        """Make the token and return it with its text, which nobody sees again."""
        days = self.cleaned_data["days"]
        until = timedelta(days=int(days)) if days else None
        return create_token(self.user, self.cleaned_data["name"], self.cleaned_data.get("scopes", ()), until, request)


@pages.route("/tokens/", methods=["GET", "POST"], openapi=False)
@login_required
def user_tokens(request: Request) -> Any:
    """One's tokens; a new one is shown in the answer that made it, and never again."""
    if config.current()["AUTH_TOKEN_SCOPES"] is None:
        abort(404)
    user = request.user
    if request.method == "POST" and "revoke" in request.form:
        return _ended(request, user)
    form = TokenForm(user, request)
    if not form.is_valid():
        return form_page("tokens", form, tokens=tokens_of(user))
    made = form.save(request)
    return shown("tokens", 201, form=TokenForm(user), tokens=tokens_of(user), made=made)


def _ended(request: Request, user: Any) -> Response:
    key = request.form["revoke"]
    if key.isascii() and key.isdecimal() and len(key) < 19:
        revoke_token(user, int(key), request)
    return redirect(url_for("auth.user_tokens"), 303)
