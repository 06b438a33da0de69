"""The pages to log in and out and to choose a password, as class-based views with Django's names and attributes.

The blueprint of accounts is made of them; an app that wants one otherwise routes its own: `LoginView.as_view("login",
template_name="in.html")`, or a subclass. Throttling is in the forms, and a second factor is asked for by `form_valid`,
so let a subclass call `super()`. Where an address or an endpoint is meant, both will do.
"""

from collections.abc import Collection
from typing import Any, ClassVar

from spruce import config
from spruce.auth import forms, mails
from spruce.auth.auditing import record
from spruce.auth.authentication import backend_name, get_backends
from spruce.auth.decorators import login_not_required, resolve_url
from spruce.auth.logins import login as log_in
from spruce.auth.logins import logout as log_out
from spruce.auth.logins import update_session_auth_hash
from spruce.auth.mixins import LoginRequiredMixin
from spruce.auth.resettokens import PasswordResetTokenGenerator, default_token_generator, user_of
from spruce.auth.secondsteps import wait_for_code, wants_code
from spruce.auth.throttling import remember_device
from spruce.errors import ConfigError
from spruce.http import Request, Response
from spruce.middleware.origins import url_has_allowed_host_and_scheme
from spruce.views import FormView, TemplateView
from spruce.web import make_response, redirect, url_for

__all__ = [
    "LoginView",
    "LogoutView",
    "PasswordChangeDoneView",
    "PasswordChangeView",
    "PasswordResetCompleteView",
    "PasswordResetConfirmView",
    "PasswordResetDoneView",
    "PasswordResetView",
    "RedirectURLMixin",
]

_WRONG, _THROTTLED, _NOT_FOUND = 422, 429, 404
_RESET = "_password_reset_token"


class _Page(TemplateView):
    """A page that nobody keeps."""

    def dispatch(self, request: Request, *args: Any, **kwargs: Any) -> Any:
        """Answer, and say so."""
        response = make_response(super().dispatch(request, *args, **kwargs))
        response.headers["Cache-Control"] = "no-store"
        return response


class _OpenPage(_Page):
    """One that is for everybody, also under LoginRequiredMiddleware."""

    decorators: ClassVar[list[Any]] = [login_not_required]


class _FormPage(FormView, _Page):
    """A form of accounts: wrong is 422, too many tries are 429."""

    def get(self, request: Request, *args: Any, **kwargs: Any) -> Any:
        """Show the form."""
        return self.render_to_response(self.get_context_data(**kwargs))

    def get_success_url(self) -> str:
        """Return where to go on: `success_url`, which may be an endpoint."""
        return resolve_url(super().get_success_url())

    def form_invalid(self, form: Any) -> Any:
        """Show what is wrong, or how long to wait."""
        seconds = getattr(form, "seconds", 0)
        response = self.render_to_response(self.get_context_data(form=form), _THROTTLED if seconds else _WRONG)
        if seconds:
            response.headers["Retry-After"] = str(seconds)
        return response


class RedirectURLMixin:
    """Where to go on: where the visitor wanted to, by the field `redirect_field_name`, else `next_page`.

    What a visitor wants counts on this host and those of `success_url_allowed_hosts`, and by HTTPS behind HTTPS.
    """

    next_page: str | None = None
    redirect_field_name: str = "next"
    success_url_allowed_hosts: Collection[str] = frozenset()
    request: Request

    def get_success_url(self) -> str:
        """Return where to go on."""
        return self.get_redirect_url() or self.get_default_redirect_url()

    def get_redirect_url(self) -> str:
        """Return where the visitor wants to go; "" for nowhere, or somewhere that isn't allowed."""
        name, request = self.redirect_field_name, self.request
        wanted = request.form.get(name) or request.args.get(name) or ""
        hosts = self.get_success_url_allowed_hosts()
        return wanted if url_has_allowed_host_and_scheme(wanted, hosts, request.is_secure) else ""

    def get_success_url_allowed_hosts(self) -> set[str]:
        """Return the hosts that a visitor may be led to."""
        return {self.request.host, *self.success_url_allowed_hosts}

    def get_default_redirect_url(self) -> str:
        """Return where to go on if the visitor wants nothing. Raises: ConfigError without `next_page`."""
        if not self.next_page:
            raise ConfigError(f"{type(self).__name__} doesn't know where to go on", hint="Set next_page.")
        return resolve_url(str(self.next_page))


class LoginView(RedirectURLMixin, _FormPage):
    """Logs in, or leads on to the code of a second factor; then to `next`, `next_page` or LOGIN_REDIRECT_URL.

    With `redirect_authenticated_user` who is logged in already is led on at once; other sites can find out by that
    whether a visitor is logged in here.
    """

    decorators: ClassVar[list[Any]] = [login_not_required]
    form_class: Any = forms.AuthenticationForm
    authentication_form: Any = None
    template_name = "auth/login.html"
    redirect_authenticated_user: bool = False

    def dispatch(self, request: Request, *args: Any, **kwargs: Any) -> Any:
        """Lead on who is logged in, if that is wanted. Raises: ConfigError where that leads here again."""
        if not (self.redirect_authenticated_user and request.user.is_authenticated):
            return super().dispatch(request, *args, **kwargs)
        target = self.get_success_url()
        if target == request.root_path + request.path:
            raise ConfigError(
                f"who is logged in is led from the log-in page {target!r} to itself, without an end",
                hint="Let LOGIN_REDIRECT_URL, or next_page, be another page.",
            )
        response = redirect(target, 303)
        response.headers["Cache-Control"] = "no-store"
        return response

    def get_default_redirect_url(self) -> str:
        """Return `next_page`, or what LOGIN_REDIRECT_URL says."""
        return resolve_url(str(self.next_page or config.current()["LOGIN_REDIRECT_URL"]))

    def get_form_class(self) -> Any:
        """Return `authentication_form`, or `form_class`."""
        return self.authentication_form or self.form_class

    def get_form_kwargs(self) -> dict[str, Any]:
        """Add the request, by which tries are counted."""
        given = super().get_form_kwargs()
        given.pop("files", None)
        return {**given, "request": self.request}

    def form_valid(self, form: Any) -> Any:
        """Log in, or ask for the code first."""
        user = form.get_user()
        target = self.get_success_url()
        if wants_code(user):
            return wait_for_code(self.request, user, target, trusted=True)
        log_in(self.request, user)
        response = redirect(target, 303)
        remember_device(self.request, response, form.cleaned_data.get("username") or user.get_username())
        return response

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add where to go on, under the name of the field for that, and as `next`."""
        target = self.get_redirect_url()
        more = {"next": target, self.redirect_field_name: target, "redirect_field_name": self.redirect_field_name}
        return super().get_context_data(**{**more, **kwargs})


class LogoutView(RedirectURLMixin, _OpenPage):
    """Logs out by POST; a link leads to a page with a button, since links are followed by others than people."""

    template_name = "auth/logged_out.html"
    asking_template_name: str = "auth/logout.html"

    def get(self, request: Request, *args: Any, **kwargs: Any) -> Any:
        """Ask."""
        self.template_name = self.asking_template_name
        return super().get(request, *args, **kwargs)

    def post(self, request: Request, *args: Any, **kwargs: Any) -> Any:
        """Log out, and go on or say so."""
        log_out(request)
        target = self.get_success_url()
        if target != request.root_path + request.path:
            return redirect(target, 303)
        return self.render_to_response(self.get_context_data(**kwargs))

    def get_default_redirect_url(self) -> str:
        """Return `next_page`, or what LOGOUT_REDIRECT_URL says, or this page, which says that one is logged out."""
        target = self.next_page or config.current()["LOGOUT_REDIRECT_URL"]
        return resolve_url(str(target)) if target else self.request.root_path + self.request.path


class PasswordChangeView(LoginRequiredMixin, _FormPage):  # type: ignore[misc] # the mixin takes any parameters
    """Changes one's password; the current one is asked for. The user's other sessions end, and a mail tells of it."""

    form_class: Any = forms.PasswordChangeForm
    template_name = "auth/password_change.html"
    success_url = "auth.password_change_done"

    def get_form_kwargs(self) -> dict[str, Any]:
        """Add the user, and the request, by which tries are counted."""
        return {**super().get_form_kwargs(), "user": self.request.user, "request": self.request}

    def form_valid(self, form: Any) -> Any:
        """Keep the password."""
        form.save()
        update_session_auth_hash(self.request, form.user)
        record("password_changed", self.request, form.user)
        mails.tell_of_new_password(self.request, form.user)
        return super().form_valid(form)


class PasswordChangeDoneView(LoginRequiredMixin, _Page):  # type: ignore[misc] # the same
    """Says that the password was changed."""

    template_name = "auth/password_change_done.html"


class PasswordResetView(_FormPage):
    """Has a link for a new password sent; what is said, and how long that takes, is the same for unknown addresses.

    The templates of the mail get `link`, `site`, `user`, `email`, `uid`, `token`, `protocol`, `domain`, `site_name` and
    `extra_email_context`. Without `subject_template_name` the text begins with a line `Subject: …`. `link` leads to the
    endpoint `confirm_endpoint`.
    """

    decorators: ClassVar[list[Any]] = [login_not_required]
    form_class: Any = forms.PasswordResetForm
    template_name = "auth/password_reset.html"
    success_url = "auth.password_reset_done"
    email_template_name: str = mails.RESET_TEMPLATE
    subject_template_name: str | None = None
    html_email_template_name: str | None = None
    from_email: str | None = None
    extra_email_context: ClassVar[dict[str, Any] | None] = None
    token_generator: PasswordResetTokenGenerator = default_token_generator
    confirm_endpoint: str = mails.CONFIRM_ENDPOINT

    def form_valid(self, form: Any) -> Any:
        """Have it sent, behind the answer."""
        form.save(
            request=self.request,
            use_https=self.request.is_secure,
            email_template_name=self.email_template_name,
            subject_template_name=self.subject_template_name,
            html_email_template_name=self.html_email_template_name,
            from_email=self.from_email,
            extra_email_context=self.extra_email_context,
            token_generator=self.token_generator,
            confirm_endpoint=self.confirm_endpoint,
        )
        return super().form_valid(form)


class PasswordResetDoneView(_OpenPage):
    """Says that a mail is on its way, if there is an account."""

    template_name = "auth/password_reset_done.html"


class PasswordResetConfirmView(_FormPage):
    """Takes a new password, by a link with `uidb64` and `token`; the token leaves the address for the session.

    With `post_reset_login` the user is logged in by it, behind the code of a second factor if there is one, by
    `post_reset_login_backend`, or the first. A link that doesn't count is told by `invalid_template_name`, with 404.
    """

    decorators: ClassVar[list[Any]] = [login_not_required]
    form_class: Any = forms.SetPasswordForm
    template_name = "auth/password_reset_confirm.html"
    invalid_template_name: str = "auth/password_reset_invalid.html"
    success_url = "auth.password_reset_complete"
    token_generator: PasswordResetTokenGenerator = default_token_generator
    reset_url_token: str = "set-password"  # noqa: S105 - what stands in the address instead of a token
    post_reset_login: bool = False
    post_reset_login_backend: str | None = None
    user: Any = None
    validlink: bool = False

    def dispatch(self, request: Request, *args: Any, **kwargs: Any) -> Any:
        """Look at the link. Raises: ConfigError when the rule has no `uidb64` or no `token`."""
        if "uidb64" not in kwargs or "token" not in kwargs:
            raise ConfigError(
                f"the rule {request.url_rule.rule!r} of {type(self).__name__} lacks <uidb64> or <token>",
                hint="Let it be such as '/reset/<uidb64>/<token>/'.",
            )
        self.user, token = self.get_user(kwargs["uidb64"]), kwargs["token"]
        own = token == self.reset_url_token
        given = request.session.get(_RESET) if own else token
        self.validlink = self.user is not None and self.token_generator.check_token(self.user, given)
        if self.validlink and own:
            return super().dispatch(request, *args, **kwargs)
        if self.validlink:
            request.session[_RESET] = token
            response: Response = redirect(
                url_for(str(request.endpoint), **{**kwargs, "token": self.reset_url_token}), 303
            )
        else:
            self.template_name = self.invalid_template_name
            response = self.render_to_response(self.get_context_data(form=None), _NOT_FOUND)
        response.headers["Cache-Control"] = "no-store"
        return response

    def get_user(self, uidb64: str) -> Any:
        """Return the active user of a link; None."""
        return user_of(uidb64)

    def get_form_kwargs(self) -> dict[str, Any]:
        """Add the user."""
        return {**super().get_form_kwargs(), "user": self.user}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add whether the link counts, as `validlink`."""
        return super().get_context_data(**{"validlink": self.validlink, **kwargs})

    def form_valid(self, form: Any) -> Any:
        """Keep the password; log in, if that is wanted."""
        user = form.save()
        self.request.session.pop(_RESET, None)
        record("password_reset", self.request, user)
        mails.tell_of_new_password(self.request, user)
        response = self._let_in(user) if self.post_reset_login else super().form_valid(form)
        remember_device(self.request, response, user.get_username())
        return response

    def _let_in(self, user: Any) -> Response:
        user.backend = self.post_reset_login_backend or backend_name(get_backends()[0])
        if wants_code(user):
            return wait_for_code(self.request, user, self.get_success_url(), trusted=True)
        log_in(self.request, user)
        return redirect(self.get_success_url(), 303)


class PasswordResetCompleteView(_OpenPage):
    """Says that there is a new password, and where to log in: `login_url`."""

    template_name = "auth/password_reset_complete.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add where to log in."""
        target = resolve_url(config.current()["LOGIN_URL"] or "auth.login")
        return super().get_context_data(**{"login_url": target, **kwargs})
