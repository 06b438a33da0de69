"""The forms of accounts, with Django's names: to log in, to choose a password, to change it, to be sent a new one."""

from collections.abc import Iterable
from typing import Any, ClassVar

from spruce.auth.authentication import authenticate, get_backends
from spruce.auth.backends import EmailBackend
from spruce.auth.mails import ResetMail, send_reset, site_of, users_to_reset
from spruce.auth.passwords import password_validators_help_texts, validate_password
from spruce.auth.throttling import authenticate_throttled, throttle
from spruce.auth.usermodel import get_user_model
from spruce.errors import TooManyAttempts, ValidationError
from spruce.forms.fields import CharField, EmailField
from spruce.forms.form import Form
from spruce.forms.widgets import PasswordInput
from spruce.http import Request
from spruce.i18n import gettext_lazy, ngettext

__all__ = [
    "AccountForm",
    "AdminPasswordChangeForm",
    "AuthenticationForm",
    "CurrentPasswordForm",
    "PasswordChangeForm",
    "PasswordResetForm",
    "RegistrationForm",
    "SetPasswordForm",
    "UserCreationForm",
]

_MOST = 4096
"""Characters of a password that a form takes; hashing more would only cost time."""


class AccountForm(Form):
    """A form whose labels have no colon behind them."""

    def __init__(self, data: Any = None, **options: Any) -> None:
        super().__init__(data, **{"label_suffix": "", **options})


def _password(label: Any, autocomplete: str, help_text: Any = "") -> CharField:
    return CharField(
        label=label,
        strip=False,
        max_length=_MOST,
        widget=PasswordInput(),
        autocomplete=autocomplete,
        help_text=help_text,
    )


def _name_field() -> CharField:
    """The field for what users are called by, as the model has it."""
    model = get_user_model()
    if model.get_email_field_name() == model.USERNAME_FIELD:
        made: CharField = EmailField(label=gettext_lazy("E-mail"), max_length=254, autocomplete="username")
    else:
        longest = getattr(model._meta.field(model.USERNAME_FIELD), "max_length", 254)
        made = CharField(label=gettext_lazy("Username"), max_length=longest, autocomplete="username")
    made.widget.attrs.update(autocapitalize="none", spellcheck="false")
    return made


def _longest_name() -> int:
    """Characters of what may be typed for a name: an address, or what the model takes."""
    model = get_user_model()
    return max(254, getattr(model._meta.field(model.USERNAME_FIELD), "max_length", 0) or 0)


def _name_label() -> Any:
    """What to log in with."""
    model = get_user_model()
    if model.get_email_field_name() == model.USERNAME_FIELD:
        return gettext_lazy("E-mail")
    if any(isinstance(one, EmailBackend) for one in get_backends()):
        return gettext_lazy("Username or e-mail")
    return gettext_lazy("Username")


class AuthenticationForm(AccountForm):
    """Name and password; a valid one has `user`.

    Tries are counted, see `throttling`, and `seconds` is how long to wait; without a request nothing is counted.
    """

    error_messages: ClassVar[dict[str, Any]] = {
        "invalid_login": gettext_lazy("Name or password is not right. Both may be case-sensitive."),
    }
    password = _password(gettext_lazy("Password"), "current-password")
    user: Any = None
    seconds = 0

    def __init__(self, request: Request | None = None, data: Any = None, **options: Any) -> None:
        super().__init__(request if data is None else data, **options)
        self.request = request
        field = CharField(label=_name_label(), max_length=_longest_name(), autocomplete="username")
        field.widget.attrs.update(autocapitalize="none", spellcheck="false", autofocus=True)
        self.fields = {"username": field, **self.fields}

    def clean(self) -> Any:
        """Find the user. What is wrong is told with one text for all reasons."""
        name, password = self.cleaned_data.get("username"), self.cleaned_data.get("password")
        if not name or not password:
            return self.cleaned_data
        try:
            self.user = self._found(name, password)
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
        if self.user is None:
            raise ValidationError(self.error_messages["invalid_login"], "invalid_login")
        self.confirm_login_allowed(self.user)
        return self.cleaned_data

    def _found(self, name: str, password: str) -> Any:
        if self.request is None:
            return authenticate(None, username=name, password=password)
        return authenticate_throttled(self.request, username=name, password=password)

    def confirm_login_allowed(self, user: Any) -> None:
        """For subclasses: raise ValidationError for a user who may not log in, although the password is right."""

    def get_user(self) -> Any:
        """Return the user of a valid form."""
        return self.user


class SetPasswordForm(AccountForm):
    """A new password, twice, for `user`; `save()` keeps it."""

    error_messages: ClassVar[dict[str, Any]] = {
        "password_mismatch": gettext_lazy("The two passwords are not the same."),
        "password_incorrect": gettext_lazy("This is not your current password."),
    }
    password1_name = "new_password1"
    password2_name = "new_password2"

    def __init__(self, user: Any, data: Any = None, **options: Any) -> None:
        super().__init__(data, **options)
        self.user = user
        hints = " ".join(password_validators_help_texts())
        self.fields = {
            **self.fields,
            self.password1_name: _password(gettext_lazy("New password"), "new-password", hints),
            self.password2_name: _password(gettext_lazy("New password again"), "new-password"),
        }

    def clean(self) -> Any:
        """Look whether both are the same, and good enough."""
        first, second = (self.cleaned_data.get(name) for name in (self.password1_name, self.password2_name))
        if first and second and first != second:
            mismatch = ValidationError(self.error_messages["password_mismatch"], "password_mismatch")
            self.add_error(self.password2_name, mismatch)
        elif first and second:
            try:
                validate_password(first, self._user_to_compare())
            except ValidationError as error:
                self.add_error(self.password1_name, error)
        return self.cleaned_data

    def _user_to_compare(self) -> Any:
        return self.user

    def save(self, commit: bool = True) -> Any:
        """Give the user the password, and write it. Blocks for a hash."""
        self.user.set_password(self.cleaned_data[self.password1_name])
        if commit:
            self.user.save()
        return self.user


class AdminPasswordChangeForm(SetPasswordForm):
    """A new password for another user, as an admin sets it."""

    password1_name = "password1"
    password2_name = "password2"


def _current_password() -> CharField:
    made = _password(gettext_lazy("Current password"), "current-password")
    made.widget.attrs["autofocus"] = True
    return made


def _check_current(user: Any, given: str, request: Request | None, wrong: Any) -> str:
    """Return the password, if it is the one that holds. Tries are counted where there is a request."""
    attempt = throttle().attempt(request, user.get_username()) if request is not None else None
    if not user.check_password(given):
        raise ValidationError(wrong, "password_incorrect")
    if attempt is not None:
        attempt.succeeded()
    return given


class PasswordChangeForm(SetPasswordForm):
    """The password as it is, and a new one, twice. Tries at the first are counted as those to log in are."""

    def __init__(self, user: Any, data: Any = None, request: Request | None = None, **options: Any) -> None:
        super().__init__(user, data, **options)
        self.request = request
        self.fields = {"old_password": _current_password(), **self.fields}

    def clean_old_password(self) -> str:
        """Look whether it is the one that holds."""
        given = self.cleaned_data["old_password"]
        return _check_current(self.user, given, self.request, self.error_messages["password_incorrect"])


class CurrentPasswordForm(AccountForm):
    """The password as it is, before something that matters; tries are counted as those to log in are."""

    def __init__(self, user: Any, data: Any = None, request: Request | None = None, **options: Any) -> None:
        super().__init__(data, **options)
        self.user, self.request = user, request
        self.fields = (
            {"old_password": _current_password(), **self.fields} if user.has_usable_password() else self.fields
        )

    def clean_old_password(self) -> str:
        """Look whether it is the one that holds."""
        given = self.cleaned_data["old_password"]
        return _check_current(self.user, given, self.request, SetPasswordForm.error_messages["password_incorrect"])


class PasswordResetForm(AccountForm):
    """The address to which a link for a new password is sent, by `save()`."""

    email = EmailField(label=gettext_lazy("E-mail"), max_length=254, autocomplete="email")

    def get_users(self, email: str) -> Iterable[Any]:
        """Return the users who are sent a link: active ones with this address that have a password now."""
        return users_to_reset(email)

    def save(
        self, domain_override: str | None = None, *, request: Request, use_https: bool = False, **mail: Any
    ) -> None:
        """Have the link sent, behind the answer to `request`; `mail` has attributes of `ResetMail`.

        The link leads to SERVER_NAME, or the host of the request; or to `domain_override`, by HTTPS if `use_https`.
        """
        base = f"{'https' if use_https else 'http'}://{domain_override}" if domain_override else site_of(request)
        send_reset(request, self.cleaned_data["email"], ResetMail(base, **mail), self.get_users)


class RegistrationForm(AccountForm):
    """The address of a new user, which is confirmed by mail before there is an account."""

    email = EmailField(label=gettext_lazy("E-mail"), max_length=254, autocomplete="email")


class UserCreationForm(SetPasswordForm):
    """The name and the password of a new user; `save()` makes it. With `email` the address is known already."""

    password1_name = "password1"
    password2_name = "password2"

    def __init__(self, data: Any = None, email: str | None = None, **options: Any) -> None:
        model = get_user_model()
        super().__init__(model(), data, **options)
        self.email = email
        self.fields[self.password1_name].label = gettext_lazy("Password")
        self.fields[self.password2_name].label = gettext_lazy("Password again")
        self._named_by_mail = model.get_email_field_name() == model.USERNAME_FIELD
        if not (self._named_by_mail and email):
            self.fields = {model.USERNAME_FIELD: _name_field(), **self.fields}

    def clean(self) -> Any:
        """Look whether the name can be had, and the password is good enough for it."""
        model = get_user_model()
        name = self.email if self._named_by_mail and self.email else self.cleaned_data.get(model.USERNAME_FIELD)
        if name:
            self._fill(model, name)
        return super().clean()

    def _fill(self, model: Any, name: str) -> None:
        setattr(self.user, model.USERNAME_FIELD, model.normalize_username(name))
        if self.email and not self._named_by_mail:
            setattr(self.user, model.get_email_field_name(), self.email)
        others = {field.name for field in model._meta.fields} - {model.USERNAME_FIELD}
        try:
            self.user.full_clean(exclude=others, validate_constraints=False)
        except ValidationError as error:
            for messages in error.by_field().values():
                for text in messages:
                    self.add_error(model.USERNAME_FIELD if model.USERNAME_FIELD in self.fields else None, text)
