"""Django's names for `spruce.auth`, as far as there are any, so that tests of `django.contrib.auth` can be run on ours.

Started as a program in the folder with Django's test apps, it runs the modules of `auth_tests` that it is given and
prints an object of JSON: for each module and test "passed", "skipped", or what went wrong. Answers are compared as
Django gives them: our 303 is its 302, our 422 for a form with faults and 404 for a link that doesn't count its 200.
"""

import hashlib
import html
import importlib
import inspect
import json
import sys
import types
import unittest
import uuid
import warnings
from typing import Any

import django_names
from django_cases import Results, short_name
from django_client import (
    SITE,
    AccountCase,
    Client,
    HttpRequest,
    RequestFactory,
    View,
    called_with_requests,
    modify_settings,
    override_settings,
)
from django_names import absent, module

import spruce.auth as accounts
from spruce import Request, Response, config, db, errors, mail, url_for
from spruce import request as current
from spruce.auth import (
    authentication,
    backends,
    currentuser,
    decorators,
    forms,
    hashers,
    hashing,
    logins,
    middleware,
    mixins,
    models,
    passwords,
    permissions,
    resettokens,
    views,
)
from spruce.config import Settings
from spruce.web import redirect

HASHERS = ("PBKDF2", "PBKDF2SHA1", "Argon2", "BCryptSHA256", "Scrypt")
OTHERS = django_names.words(
    """
    apps asgiref.sync contrib.admin.models contrib.auth.management.commands contrib.auth.urls contrib.messages.test
    contrib.sessions.middleware contrib.sites.models contrib.sites.requests contrib.sites.shortcuts core.handlers.wsgi
    core.management core.management.base core.signing core.validators db.migrations db.migrations.state forms.fields
    forms.widgets middleware.csrf template.loader test.client utils.crypto utils.module_loading utils.text views.debug
    views.decorators.debug
    """
)
"""Modules of which nothing is there, whatever is asked of them."""


class Makers(accounts.BaseUserManager):
    """Makes users by e-mail and date of birth."""

    def create_user(self, email: str, date_of_birth: Any = None, password: Any = None, **fields: Any) -> Any:
        if not email:
            raise ValueError("Users must have an email address")
        user = self.model(email=self.normalize_email(email), date_of_birth=date_of_birth, **fields)
        user.set_password(password)
        user.save()
        return user

    def create_superuser(self, email: str, password: Any, date_of_birth: Any = None, **fields: Any) -> Any:
        user = self.create_user(email, date_of_birth, password, **fields)
        setattr(user, "is_superuser" if hasattr(user, "is_superuser") else "is_admin", True)
        user.save()
        return user


class Named(accounts.BaseUserManager):
    """Makes users by name."""

    def create_user(self, username: Any, password: Any, email: Any = None) -> Any:
        user = self.model(username=username, **({"email_address": email} if email else {}))
        user.set_password(password)
        user.save()
        return user


def made(name: str, *bases: type, **body: Any) -> Any:
    body["Meta"] = type("Meta", (), {"db_table": f"auth_tests_{name.lower()}"})
    return type(db.Model)(name, bases, {"__module__": "auth_tests.models", **body})


def _users() -> dict[str, Any]:
    """The models of users that tests want, as far as ours can be like them."""
    born = {"date_of_birth": lambda: db.DateField(null=True)}
    mail_field = db.EmailField(max_length=254, unique=True)
    plain, named = accounts.AbstractBaseUser, db.CharField(max_length=150, unique=True)
    full = dict.fromkeys(("has_perm", "has_perms", "has_module_perms"), lambda *_, **__: True)
    none = dict.fromkeys(("get_group_permissions", "get_all_permissions"), lambda *_, **__: set())
    return {
        "CustomUser": made(
            "CustomUser", plain, email=mail_field.copy(), is_active=db.BooleanField(default=True),
            is_admin=db.BooleanField(default=False), date_of_birth=born["date_of_birth"](),
            first_name=db.CharField(max_length=50, blank=True), custom_objects=Makers(), USERNAME_FIELD="email",
            REQUIRED_FIELDS=("date_of_birth", "first_name"), **full, **none,
        ),
        "CustomUserWithoutIsActiveField": made(
            "CustomUserWithoutIsActiveField", plain, username=named.copy(), email=mail_field.copy(),
            objects=accounts.UserManager(), USERNAME_FIELD="username",
        ),
        "CustomPermissionsUser": made(
            "CustomPermissionsUser", plain, accounts.PermissionsMixin, email=mail_field.copy(),
            date_of_birth=born["date_of_birth"](), custom_objects=Makers(), USERNAME_FIELD="email",
            REQUIRED_FIELDS=("date_of_birth",),
        ),
        "ExtensionUser": made(
            "ExtensionUser", accounts.AbstractUser, date_of_birth=born["date_of_birth"](),
            custom_objects=accounts.UserManager(), REQUIRED_FIELDS=("email", "date_of_birth"),
        ),
        "UUIDUser": made(
            "UUIDUser", accounts.AbstractUser, id=db.UUIDField(primary_key=True, default=uuid.uuid4),
            objects=accounts.UserManager(),
        ),
        "IsActiveTestUser1": made(
            "IsActiveTestUser1", plain, username=named.copy(), custom_objects=accounts.BaseUserManager(),
            USERNAME_FIELD="username",
        ),
        "CustomEmailField": made(
            "CustomEmailField", plain, username=db.CharField(max_length=254), email_address=db.EmailField(null=True),
            is_active=db.BooleanField(default=True), objects=Named(), EMAIL_FIELD="email_address",
            USERNAME_FIELD="username",
        ),
        "IntegerUsernameUser": made(
            "IntegerUsernameUser", plain, username=db.IntegerField(), objects=Named(), USERNAME_FIELD="username",
            REQUIRED_FIELDS=("username", "password"),
        ),
    }  # fmt: skip


class _ContentTypes:
    def get_for_model(self, model: Any, **_: Any) -> Any:
        return model

    def clear_cache(self) -> None:
        """Nothing."""


class ContentType:
    """A model itself."""

    objects = _ContentTypes()


def _make_permission(self: Any, content_type: Any = None, **named: Any) -> Any:
    if content_type is not None:
        named["app_label"], named["model"] = permissions.label_of(content_type), content_type.__name__.lower()
    return type(self).__mro__[1].create(self, **named)


def _twin(*_: Any, **__: Any) -> Any:
    raise unittest.SkipTest("an async twin")


class MD5PasswordHasher(hashers.BasePasswordHasher):
    """The quick one of tests."""

    algorithm = "md5"

    def encode(self, password: str, salt: str) -> str:
        return f"md5${salt}${hashlib.md5((salt + password).encode()).hexdigest()}"

    def verify(self, password: str, encoded: str) -> bool:
        return self.encode(password, encoded.split("$")[1]) == encoded


def _names(*modules: types.ModuleType, **more: Any) -> dict[str, Any]:
    return {name: getattr(each, name) for each in modules for name in each.__all__} | more


class _Conf:
    def __getattr__(self, name: str) -> Any:
        return SITE.app.config[name]


def _uid(data: bytes) -> str:
    return resettokens.uid_of(types.SimpleNamespace(pk=data.decode()))


def _reverse(name: str, args: Any = (), kwargs: Any = None, **_: Any) -> str:
    with SITE.app.test_request_context("/"):
        return url_for(
            name if "." in name or name in SITE.app.view_functions else f"auth.{name}",
            **(kwargs or {}),
        )


def install() -> None:
    """Make the names known."""
    django_names.install()
    Response.url = property(lambda self: self.headers["Location"])
    Request.META = property(lambda self: {"REMOTE_USER": self.headers.get("X-Remote-User"), **self.headers})
    hashers.MD5PasswordHasher = MD5PasswordHasher
    type(models.Permission.objects).create = _make_permission
    type(db.Model)._default_manager = property(lambda cls: cls._default)
    cleaned = lambda given: {  # noqa: E731 - one expression
        key: "*" * 20 if any(word in key.lower() for word in authentication._SECRETS) else value
        for key, value in given.items()
    }
    module("django.contrib.auth", BACKEND_SESSION_KEY=logins.BACKEND_SESSION_KEY, SESSION_KEY=logins.SESSION_KEY,
           HASH_SESSION_KEY=logins.HASH_SESSION_KEY, REDIRECT_FIELD_NAME="next", signals=authentication,
           authenticate=accounts.authenticate, get_user=accounts.get_user, get_user_model=accounts.get_user_model,
           login=accounts.login, logout=accounts.logout, get_backends=accounts.get_backends,
           update_session_auth_hash=accounts.update_session_auth_hash, _clean_credentials=cleaned,
           get_permission_codename=lambda action, options: f"{action}_{options.model_name}",
           aget_user=_twin, aauthenticate=_twin, alogin=_twin, alogout=_twin)  # fmt: skip
    module("django.contrib.auth.hashers", **_names(hashers), MD5PasswordHasher=MD5PasswordHasher,
           make_password=accounts.make_password, check_password=accounts.check_password, acheck_password=_twin,
           is_password_usable=accounts.is_password_usable, identify_hasher=hashing.identify_hasher,
           get_hasher=lambda name="default": hashing._hasher_called(name), UNUSABLE_PASSWORD_PREFIX="!",
           UNUSABLE_PASSWORD_SUFFIX_LENGTH=40)  # fmt: skip
    module("django.contrib.auth.password_validation", **_names(passwords))
    module("django.contrib.auth.backends", **_names(backends))
    module("django.contrib.auth.middleware", **_names(middleware))
    module("django.contrib.auth.mixins", **_names(mixins))
    module("django.contrib.auth.forms", **_names(forms))
    module("django.contrib.auth.signals", **{name: getattr(authentication, name) for name in
           ("user_logged_in", "user_logged_out", "user_login_failed")})  # fmt: skip
    module("django.contrib.auth.decorators", **{name: called_with_requests(getattr(decorators, name)) for name in
           ("login_required", "permission_required", "user_passes_test")},
           login_not_required=decorators.login_not_required)  # fmt: skip
    module("django.contrib.auth.tokens", PasswordResetTokenGenerator=resettokens.PasswordResetTokenGenerator,
           default_token_generator=resettokens.default_token_generator)  # fmt: skip
    module("django.contrib.auth.context_processors", PermWrapper=_perm_wrapper,
           PermLookupDict=absent("PermLookupDict"))  # fmt: skip
    module("django.contrib.auth.models", **{name: getattr(accounts, name) for name in
           ("AnonymousUser", "Group", "Permission", "User", "UserManager", "AbstractUser", "AbstractBaseUser",
            "PermissionsMixin", "BaseUserManager")})  # fmt: skip
    module("django.contrib.auth.base_user", AbstractBaseUser=accounts.AbstractBaseUser,
           BaseUserManager=accounts.BaseUserManager)  # fmt: skip
    module("django.contrib.auth.views", **_names(views), INTERNAL_RESET_SESSION_TOKEN=views._RESET,
           redirect_to_login=_to_login)  # fmt: skip
    _install_others()
    _install_tests()


def _install_others() -> None:
    module("django.contrib.contenttypes.models", ContentType=ContentType)
    module("django.conf", settings=_Conf())
    usual = [f"django.contrib.auth.hashers.{name}PasswordHasher" for name in HASHERS]
    module("django.conf.global_settings", PASSWORD_HASHERS=usual)
    module("django.http", HttpRequest=HttpRequest, HttpResponse=Response, QueryDict=dict)
    module("django.core.mail", outbox=mail.outbox)
    module("django.urls", reverse=_reverse, reverse_lazy=_reverse, NoReverseMatch=LookupError)
    module("django.utils.http", urlsafe_base64_encode=_uid)
    module("django.utils.encoding", force_bytes=lambda value: str(value).encode())
    module("django.utils.html", conditional_escape=lambda text: html.escape(str(text)), format_html=str.format)
    module("django.views", View=View)
    module("django.views.generic", View=View)
    module("django.core.exceptions", PermissionDenied=errors.PermissionDenied, ImproperlyConfigured=errors.ConfigError)
    module("django.shortcuts", redirect=redirect)
    for name in OTHERS:
        module(name if name.startswith("asgiref") else f"django.{name}")
    sys.modules["asgiref.sync"].sync_to_async = _twin
    sys.modules["asgiref.sync"].iscoroutinefunction = inspect.iscoroutinefunction


def _install_tests() -> None:
    tests: dict[str, Any] = {name: absent(name) for name in ("AsyncClient", "AsyncRequestFactory")}
    tests |= dict.fromkeys(("TestCase", "TransactionTestCase", "SimpleTestCase"), AccountCase)
    tests |= {"override_settings": override_settings, "modify_settings": modify_settings}
    tests |= {"RequestFactory": RequestFactory, "Client": Client}
    for name in ("django.test", "django.test.utils", "django.test.client"):
        module(name, **tests)
    sys.modules["django.contrib.messages.test"].MessagesTestMixin = type("MessagesTestMixin", (), {})
    package = module("auth_tests")
    package.__path__ = ["auth_tests"]
    module("auth_tests.models", **_users())
    for name in ("custom_user", "with_custom_email_field", "with_integer_username", "with_many_to_many",
                 "with_foreign_key"):  # fmt: skip
        module(f"auth_tests.models.{name}", **vars(sys.modules["auth_tests.models"]))


def _perm_wrapper(user: Any) -> Any:
    """What templates ask about permissions, for this user."""
    made = currentuser.Perms()
    currentuser._find = lambda: user
    return made


def _to_login(next: str, login_url: Any = None, redirect_field_name: str = "next") -> Any:  # noqa: A002 - Django's name
    with SITE.app.test_request_context(next):
        return decorators.redirect_to_login(current._get_current_object(), login_url, redirect_field_name)


def run(name: str) -> dict[str, str]:
    """Run the tests of a module; return what became of each."""
    suite = unittest.defaultTestLoader.loadTestsFromModule(importlib.import_module(f"auth_tests.{name}"))
    every = list(django_names._tests(suite))
    results = Results()
    suite.run(results)
    mine = f"{name}."
    return {
        short_name(test): results.told.get(short_name(test), "its class could not be set up")
        for test in every
        if short_name(test).startswith(mine)
    }


def main(names: list[str]) -> None:
    """Run modules, each in its turn."""
    warnings.simplefilter("ignore")
    sys.path.insert(0, ".")
    config.install(Settings(DATABASES={"default": "sqlite://"}))
    SITE.enter()
    install()
    print(json.dumps({name: run(name) for name in names}))  # noqa: T201 - it is a program


if __name__ == "__main__":
    main(sys.argv[1:])
