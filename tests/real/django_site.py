"""The app that Django's tests of accounts talk to: views like theirs, and ours with their options."""

from typing import Any

from spruce import App, Request
from spruce.auth import decorators, forms, hashers, views
from spruce.auth import pages as account_pages
from spruce.web import MethodView, render_template_string

__all__ = ["CONTEXT", "SITE", "Site"]

CONTEXT: dict[str, Any] = {}
"""What the last page was made of."""


class Cheap(hashers.Argon2PasswordHasher):
    """The usual one at next to no cost."""

    time_cost = 1
    memory_cost = 8


USUAL: dict[str, Any] = {
    "TESTING": True,
    "SECRET_KEY": "k" * 50,
    "DATABASES": {"default": "sqlite://"},
    "INSTALLED_APPS": ["spruce.auth"],
    "AUTH_URL_PREFIX": "",
    "LOGIN_URL": "/accounts/login/",
    "LOGIN_REDIRECT_URL": "/accounts/profile/",
    "AUTH_THROTTLE_FREE": 10_000,
    "AUTH_THROTTLE_CLIENT": 10_000,
    "AUTH_THROTTLE_ACCOUNT": 10_000,
    "AUTH_PASSWORD_VALIDATORS": [],
    "AUTH_AUDIT": False,
    "PASSWORD_HASHERS": [Cheap()],
}


class Site:
    """The app that tests talk to; another one while settings differ that an app reads once."""

    def __init__(self) -> None:
        self.stack: list[tuple[App, Any]] = []

    @property
    def app(self) -> App:
        return self.stack[-1][0]

    def enter(self, **changed: Any) -> None:
        """Make an app and let it be the one."""
        app = App("auth_tests", static_folder=None, **{**USUAL, **changed})
        app.register_blueprint(account_pages.pages, url_prefix="/")
        add_views(app)
        context = app.app_context()
        context.__enter__()
        self.stack.append((app, context))

    def leave(self) -> None:
        """Let the app before be the one."""
        self.stack.pop()[1].__exit__(None, None, None)


SITE = Site()
HTML = "registration/html_password_reset_email.html"
ACCESSED = "{{ 'Session accessed' if session.accessed else 'Session not accessed' }}"


class CustomForm(forms.AuthenticationForm):
    """One that wants a request."""

    def __init__(self, request: Request, *positional: Any, **named: Any) -> None:
        assert isinstance(request, Request)
        super().__init__(request, *positional, **named)


class CustomLogin(views.LoginView):
    """One that leads somewhere of its own."""

    def get_default_redirect_url(self) -> str:
        return "/custom/"


LINK = "<uidb64>/<token>/"
OPTIONS: tuple[tuple[str, Any, dict[str, Any]], ...] = (
    ("/logout/custom_query/", views.LogoutView, {"redirect_field_name": "follow"}),
    ("/logout/next_page/", views.LogoutView, {"next_page": "/somewhere/"}),
    ("/logout/next_page/named/", views.LogoutView, {"next_page": "auth.password_reset"}),
    ("/logout/allowed_hosts/", views.LogoutView, {"success_url_allowed_hosts": {"otherserver"}}),
    ("/password_reset_from_email/", views.PasswordResetView, {"from_email": "staffmember@example.com"}),
    (
        "/password_reset_extra_email_context/",
        views.PasswordResetView,
        {"extra_email_context": {"greeting": "Hello!", "site": "custom.example.com"}},
    ),
    ("/password_reset/custom_redirect/", views.PasswordResetView, {"success_url": "/custom/"}),
    ("/password_reset/custom_redirect/named/", views.PasswordResetView, {"success_url": "auth.password_reset"}),
    ("/password_reset/html_email_template/", views.PasswordResetView, {"html_email_template_name": HTML}),
    (f"/reset/custom/{LINK}", views.PasswordResetConfirmView, {"success_url": "/custom/"}),
    (f"/reset/custom/named/{LINK}", views.PasswordResetConfirmView, {"success_url": "auth.password_reset"}),
    (f"/reset/custom/token/{LINK}", views.PasswordResetConfirmView, {"reset_url_token": "set-passwordcustom"}),
    (f"/reset/post_reset_login/{LINK}", views.PasswordResetConfirmView, {"post_reset_login": True}),
    (
        f"/reset/post_reset_login_custom_backend/{LINK}",
        views.PasswordResetConfirmView,
        {"post_reset_login": True, "post_reset_login_backend": "spruce.auth.backends.AllowAllUsersModelBackend"},
    ),
    ("/reset/missing_parameters/", views.PasswordResetConfirmView, {}),
    ("/password_change/custom/", views.PasswordChangeView, {"success_url": "/custom/"}),
    ("/password_change/custom/named/", views.PasswordChangeView, {"success_url": "auth.password_reset"}),
    ("/custom_request_auth_login/", views.LoginView, {"authentication_form": CustomForm}),
    ("/login/redirect_authenticated_user_default/", views.LoginView, {}),
    ("/login/redirect_authenticated_user/", views.LoginView, {"redirect_authenticated_user": True}),
    ("/login/allowed_hosts/", views.LoginView, {"success_url_allowed_hosts": {"otherserver"}}),
    ("/login/get_default_redirect_url/", CustomLogin, {}),
    ("/login/next_page/", views.LoginView, {"next_page": "/somewhere/"}),
    ("/login/next_page/named/", views.LoginView, {"next_page": "auth.password_reset"}),
)
"""Where Django's tests have views of accounts with options."""

PROCESSORS = {
    "perms": "{% if perms.auth %}Has auth permissions{% endif %}{% if perms.auth.add_permission %}"
    "Has auth.add_permission permissions{% endif %}{% if not perms.nonexistent %}nonexistent perm not found{% endif %}"
    "{% if not perms.auth.nonexistent %}auth.nonexistent perm not found{% endif %}",
    "perm_in_perms": "{% if 'auth' in perms %}Has auth permissions{% endif %}{% if 'auth.add_permission' in perms %}"
    "Has auth.add_permission permissions{% endif %}{% if 'nonexistent' not in perms %}nonexistent perm not found"
    "{% endif %}{% if 'auth.nonexistent' not in perms %}auth.nonexistent perm not found{% endif %}",
    "user": "unicode: {{ user }} id: {{ user.pk }} username: {{ user.username }} "
    "url: {{ url_for('userpage', name=user) }}",
    "attr_access": "{{ user.is_authenticated and '' }}" + ACCESSED,
    "no_attr_access": ACCESSED,
}
"""What the templates of Django's tests for its context processor say, for Jinja2."""


def add_views(app: App) -> None:
    """The views that Django's tests ask for."""

    def empty(request: Request) -> str:
        return ""

    def who(request: Request) -> str:
        CONTEXT["user"] = request.user
        return f"Username is {request.user}."

    class Protected(MethodView):
        def get(self) -> str:
            return ""

    class Public(Protected):
        decorators = (decorators.login_not_required,)

    class Stepped(Protected):
        decorators = (decorators.login_required(login_url="/custom_login/", redirect_field_name="step"),)

    unknown = decorators.permission_required("unknown.permission", raise_exception=True)
    stepped = decorators.login_required(login_url="/custom_login/", redirect_field_name="step")
    views = {
        "remote_user": who,
        "public_view": Public.as_view("public_view"),
        "public_function_view": decorators.login_not_required(lambda: ""),
        "protected_view": Protected.as_view("protected_view"),
        "protected_function_view": lambda: "",
        "login_required_decorator_view": stepped(lambda: ""),
        "login_required_cbv_view": Stepped.as_view("login_required_cbv_view"),
        "login_required": decorators.login_required(empty),
        "login_required_login_url": decorators.login_required(empty, login_url="/somewhere/"),
        "permission_required_redirect": decorators.permission_required("unknown.permission")(lambda: ""),
        "permission_required_exception": unknown(lambda: ""),
        "login_and_permission_required_exception": decorators.login_required(unknown(lambda: "")),
    }
    for name, view in views.items():
        app.add_url_rule(f"/{name}/", name, view, methods=["GET", "POST"])
    for name, text in PROCESSORS.items():
        app.add_url_rule(
            f"/auth_processor_{name}/", f"processor_{name}", lambda text=text: render_template_string(text)
        )
    for path, view, options in OPTIONS:
        name = path.strip("/").replace("/", "_").partition("<")[0]
        app.add_url_rule(path, name, view.as_view(name, **options))
    app.add_url_rule("/userpage/<name>/", "userpage", lambda name: name)
