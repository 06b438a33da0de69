"""What Django's tests of accounts talk by: Django's test client over ours, settings and cases."""

# ruff: noqa: PT009 - assertions and their names are unittest's, as Django's are

import contextlib
import html
import types
import unittest
from typing import Any
from urllib.parse import urlencode

import django_cases
from django_site import CONTEXT, SITE

import spruce.auth as accounts
from spruce import Request, config, db, errors, mail
from spruce import request as current
from spruce.auth import blueprint, models, permissions
from spruce.testing import force_login
from spruce.web import MethodView, templating
from spruce.web.testrequest import make_request

__all__ = [
    "SITE",
    "AccountCase",
    "Client",
    "HttpRequest",
    "RequestFactory",
    "View",
    "called_with_requests",
    "modify_settings",
    "override_settings",
]

PLACES = {
    "django.contrib.auth.backends": "spruce.auth.backends",
    "django.contrib.auth.hashers": "spruce.auth.hashers",
    "django.contrib.auth.middleware": "spruce.auth.middleware",
    "django.contrib.auth.password_validation": "spruce.auth.passwords",
    "auth.User": "spruce.auth.user.User",
}


def ours(value: Any) -> Any:
    """A setting's value with our names in it."""
    if isinstance(value, str):
        for theirs, name in PLACES.items():
            value = value.replace(theirs, name)
        label, _, name = value.partition(".")
        if label == "auth_tests" and "." not in name:
            return f"auth_tests.models.{name}"
        return value
    if isinstance(value, list | tuple):
        return type(value)(map(ours, value))
    if isinstance(value, dict):
        return {key: ours(each) for key, each in value.items()}
    return value


# ---- the client -----------------------------------------------------------------------------------------------------

TEXTS = {
    "Please enter your new password": "Choose a new password",
    "The password reset link was invalid": "This link doesn’t count any more",
}
"""What our pages say where Django's say something."""


def _kept(template: Any, **values: Any) -> str:
    CONTEXT.clear()
    CONTEXT.update(values, template=template)
    return _render(template, **values)


_render = templating.render_template
blueprint.render_template = templating.render_template = _kept


class Answer:
    """A response as Django's test client gives it."""

    def __init__(self, response: Any, request: Request) -> None:
        told = response.status_code
        unknown_link = told == 404 and "validlink" in CONTEXT
        self.status_code = 200 if unknown_link else {303: 302, 422: 200}.get(told, told)
        self.headers, self.content = response.headers, response.data
        self.context = {"user": getattr(request, "user", None), **CONTEXT}
        self.wsgi_request = request
        self.resolver_match = types.SimpleNamespace(
            url_name=str(request.endpoint).removeprefix("auth."), kwargs=request.view_args
        )
        self.cookies = response.headers.getlist("Set-Cookie")

    @property
    def url(self) -> str:
        return str(self.headers["Location"])


class Kept(dict[str, Any]):
    """A session, to be read, changed and saved."""

    client: Any
    session_key: str | None = None

    def cycle_key(self) -> None:
        """As the session itself does."""

    def flush(self) -> None:
        """The same."""
        self.clear()
        self.session_key = None

    def save(self) -> None:
        with self.client.inner.session_transaction() as session:
            session.clear()
            session.update(self)


class Client:
    """Django's test client over ours."""

    def __init__(self, **extra: Any) -> None:
        self.inner = SITE.app.test_client()

    @property
    def session(self) -> Kept:
        with self.inner.session_transaction() as session:
            found = Kept(session)
            found.session_key = session.session_key
        found.client = self
        return found

    def get(self, path: str, data: Any = None, **options: Any) -> Answer:
        return self._open("GET", path + (f"?{urlencode(data, doseq=True)}" if data else ""), {}, options)

    def post(self, path: str, data: Any = None, **options: Any) -> Answer:
        return self._open("POST", path, {"data": data or {}}, options)

    def _open(self, method: str, path: str, body: dict[str, Any], options: dict[str, Any]) -> Answer:
        CONTEXT.clear()
        headers = dict(options.get("headers") or {})
        known = ("headers", "follow", "secure")
        for name, value in options.items():
            if name not in known and value is not None:
                headers[{"REMOTE_USER": "X-Remote-User"}.get(name, name)] = value
        base = "https://testserver" if options.get("secure") else "http://testserver"
        response = self.inner.open(path, method=method, headers=headers, base_url=base, **body)
        answer = Answer(response, response.request)
        if options.get("follow") and answer.status_code == 302:
            return self.get(answer.url, follow=True)
        return answer

    def login(self, **credentials: Any) -> bool:
        user = accounts.authenticate(None, **credentials)
        if user is not None:
            force_login(self.inner, user)
        return user is not None

    def force_login(self, user: Any, backend: Any = None) -> None:
        force_login(self.inner, user)

    def logout(self) -> None:
        with self.inner.session_transaction():
            accounts.logout(current._get_current_object())


# ---- settings and cases ---------------------------------------------------------------------------------------------


class override_settings(contextlib.ContextDecorator):
    """Settings that hold meanwhile, of those that we know."""

    def __init__(self, **changed: Any) -> None:
        self.changed = {key: ours(value) for key, value in changed.items() if key in config.KNOWN}
        for key in self.changed.keys() & {"LOGIN_URL", "LOGIN_REDIRECT_URL", "LOGOUT_REDIRECT_URL"}:
            named = self.changed[key] and not {*"/:"} & {*self.changed[key]}
            self.changed[key] = f"auth.{self.changed[key]}" if named else self.changed[key]
        self.changed.pop("SESSION_ENGINE", None)
        self.changed.pop("MIDDLEWARE", None)
        self.changed.pop("DATABASES", None)
        self.changed.pop("LANGUAGES", None)

    def __enter__(self) -> None:
        settings = SITE.app.config
        self.before = {key: settings[key] for key in self.changed}
        for key, value in self.changed.items():
            settings[key] = value

    enable = __enter__

    def __exit__(self, *_: object) -> None:
        for key, value in self.before.items():
            SITE.app.config[key] = value

    disable = __exit__

    def __call__(self, thing: Any) -> Any:
        if not isinstance(thing, type):
            return super().__call__(thing)
        inner = thing.setUpClass.__func__

        def set_up(cls: Any) -> None:
            cls.enterClassContext(self.again())
            inner(cls)

        thing.setUpClass = classmethod(set_up)
        return thing

    def again(self) -> Any:
        """The same for another time."""
        made = type(self)()
        made.changed = self.changed
        return made


class modify_settings(override_settings):
    """Lists in settings that are longer or shorter meanwhile; in an app of its own, which reads middleware once."""

    def __init__(self, **changed: Any) -> None:
        self.changed = {}
        for key, change in changed.items():
            first, last = (ours(change.get(where, [])) for where in ("prepend", "append"))
            self.changed[key] = [[one] if isinstance(one, str) else one for one in (first, last)]

    def __enter__(self) -> None:
        self.before = SITE.app.config["AUTHENTICATION_BACKENDS"]
        first, last = self.changed.get("AUTHENTICATION_BACKENDS", ([], []))
        named = [*first, *self.before, *last]
        self.apart = bool(self.changed.get("MIDDLEWARE"))
        if self.apart:
            SITE.enter(
                AUTHENTICATION_BACKENDS=named, MIDDLEWARE=[one for part in self.changed["MIDDLEWARE"] for one in part]
            )
        else:
            SITE.app.config["AUTHENTICATION_BACKENDS"] = named

    enable = __enter__

    def __exit__(self, *_: object) -> None:
        if self.apart:
            SITE.leave()
        else:
            SITE.app.config["AUTHENTICATION_BACKENDS"] = self.before


class AccountCase(django_cases.TransactionTestCase):
    """A test with a client, and Django's assertions about answers. Each begins with the rows of `setUpTestData`."""

    client_class = Client
    first: tuple[Any, ...] = ()

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        db.create_all()
        permissions.create_permissions("default")
        cls.first = tuple(models.Permission.objects.values_list("pk", flat=True))

    @classmethod
    def setUpTestData(cls) -> None:
        """For subclasses."""

    def run(self, result: Any = None) -> Any:
        self.client = self.client_class()
        mail.outbox.clear()
        SITE.app.config.resources.pop("spruce.auth.mails", None)
        try:
            type(self).setUpTestData()
            return unittest.TestCase.run(self, result)
        finally:
            self.forget()

    def forget(self) -> None:
        """Leave the tables as they were."""
        for model in reversed(list(db.registry.models.values())):
            rows = model._base.all()
            if model is models.Permission:
                rows = rows.exclude(pk__in=self.first)
            with contextlib.suppress(errors.OperationalError):  # a model that a test has made has no table
                if rows.exists():
                    rows.delete()

    def settings(self, **changed: Any) -> Any:
        return override_settings(**changed)

    def assertRedirects(self, answer: Any, url: str, **_: Any) -> None:
        self.assertEqual(answer.status_code, 302)
        self.assertEqual(answer.url, url)

    def assertContains(self, answer: Any, text: Any, *_: Any, status_code: int = 200, **__: Any) -> None:
        self.assertEqual(answer.status_code, status_code)
        self.assertIn(TEXTS.get(text, str(text)), html.unescape(answer.content.decode()))

    def assertNotContains(self, answer: Any, text: Any, *_: Any, **__: Any) -> None:
        self.assertNotIn(str(text), html.unescape(answer.content.decode()))


class RequestFactory:
    """Requests by hand."""

    def get(self, path: str, **_: Any) -> Request:
        request = make_request(Request, path, "GET")
        request.session = None
        return request

    def post(self, path: str, data: Any = None, **_: Any) -> Request:
        return make_request(Request, path, "POST", data=data or {})


class HttpRequest(Request):
    """A request with nothing in it."""

    def __init__(self) -> None:
        super().__init__("GET", "/", [(b"host", b"testserver")])


class View(MethodView):
    """A class-based view that is called with a request."""

    @classmethod
    def as_view(cls, **options: Any) -> Any:
        inner = super().as_view(cls.__name__)

        def view(request: Any) -> Any:
            user = request.user
            with SITE.app.test_request_context(request.full_path):
                current._get_current_object().user = user
                return inner(request=request)

        return view


def called(view: Any) -> Any:
    """A decorated view that is called with a request, which is the current one meanwhile."""

    def call(request: Any) -> Any:
        user = request.user
        with SITE.app.test_request_context(request.full_path):
            current._get_current_object().user = user
            return view(request)

    return call


def called_with_requests(decorate: Any) -> Any:
    def around(*positional: Any, **named: Any) -> Any:
        made = decorate(*positional, **named)
        if positional and callable(positional[0]) and not isinstance(positional[0], types.LambdaType):
            return called(made)
        return made if not callable(made) or (positional and made is positional[0]) else lambda view: called(made(view))

    return around
