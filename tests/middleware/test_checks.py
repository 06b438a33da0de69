"""Checks for production: an app as it should be has no finding, and each slip has its own."""

from typing import Any

import pytest

from spruce import App
from spruce.middleware.checks import check_deployment

SOUND: dict[str, Any] = {
    "ALLOWED_HOSTS": ["shop.example"],
    "SECURE_SSL_REDIRECT": True,
    "SECURE_HSTS_SECONDS": 3600,
    "SECURE_HSTS_INCLUDE_SUBDOMAINS": False,
    "SECURE_HSTS_PRELOAD": False,
}


def found(**settings: Any) -> list[str]:
    return [str(one).removeprefix("warning: ") for one in check_deployment(App(__name__, **{**SOUND, **settings}))]


def test_a_sound_app_has_no_findings() -> None:
    assert found() == []


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        (
            {"ALLOWED_HOSTS": []},
            "ALLOWED_HOSTS is empty: the app answers whatever host a request names, and links to it. "
            "Set SPRUCE_ALLOWED_HOSTS='[\"shop.example\"]'.",
        ),
        (
            {"ALLOWED_HOSTS": ["*"]},
            "ALLOWED_HOSTS has '*': the app answers whatever host a request names, and links to it.",
        ),
        (
            {"SECURE_SSL_REDIRECT": False},
            "SECURE_SSL_REDIRECT is off: pages, forms and cookies can be asked for by HTTP, and read on the way.",
        ),
        (
            {"SECURE_HSTS_SECONDS": 0},
            "SECURE_HSTS_SECONDS is 0: a visitor's first request goes by HTTP each time. Begin with an hour, 3600; "
            "once HTTPS is sure to stay, a year.",
        ),
        (
            {"SECURE_HSTS_INCLUDE_SUBDOMAINS": None},
            "SECURE_HSTS_INCLUDE_SUBDOMAINS is undecided: whether all subdomains are HTTPS only too. "
            "Set it to True or False.",
        ),
        (
            {"SECURE_HSTS_PRELOAD": None},
            "SECURE_HSTS_PRELOAD is undecided: whether browsers may ship with this rule. Set it to True or False.",
        ),
        (
            {"SECRET_KEY_FALLBACKS": ["x1Y2z3W4" * 8, "old"]},
            "SECRET_KEY_FALLBACKS[1] can be guessed, and still counts for reading: take it out.",
        ),
        (
            {"SESSION_COOKIE_SECURE": False},
            "SESSION_COOKIE_SECURE is off: the session's cookie goes over HTTP too. Leave it unset, or set it True.",
        ),
        (
            {"SESSION_COOKIE_HTTPONLY": False},
            "SESSION_COOKIE_HTTPONLY is off: a script that got into a page can take the session away.",
        ),
        (
            {"SESSION_COOKIE_SAMESITE": "None"},
            "SESSION_COOKIE_SAMESITE is 'None': the session's cookie comes with requests of other sites.",
        ),
        (
            {"CSRF_COOKIE_SECURE": False, "CSRF_MODE": "token"},
            "CSRF_COOKIE_SECURE is off: the secret of forms goes over HTTP too. Leave it unset, or set it True.",
        ),
        (
            {"SESSION_ENGINE": "cached_database"},
            "SESSION_ENGINE is 'cached_database', and the cache 'default' is in the memory of each process: a visitor "
            "is logged in and out in one worker only. Set CACHES to a Redis, or SESSION_ENGINE to 'database'.",
        ),
        (
            {"SESSION_ENGINE": "cache", "CACHES": {"default": {"BACKEND": "django.LocMemCache"}}},
            "SESSION_ENGINE is 'cache', and the cache 'default' is in the memory of each process: a visitor "
            "is logged in and out in one worker only. Set CACHES to a Redis, or SESSION_ENGINE to 'database'.",
        ),
        (
            {"SECURE_CONTENT_TYPE_NOSNIFF": False},
            "SECURE_CONTENT_TYPE_NOSNIFF is off: browsers may take an uploaded file for a page or a script.",
        ),
        (
            {"SECURE_REFERRER_POLICY": ""},
            "SECURE_REFERRER_POLICY is empty: links may tell other sites the whole address of a page.",
        ),
        (
            {"X_FRAME_OPTIONS": ""},
            "X_FRAME_OPTIONS is empty: other sites can frame pages, and make visitors click in them.",
        ),
        (
            {"CORS_ORIGIN_ALLOW_ALL": True, "CORS_ALLOW_CREDENTIALS": True},
            "CORS_ALLOW_ALL_ORIGINS with CORS_ALLOW_CREDENTIALS: every site's scripts read what a visitor may. "
            "List the sites in CORS_ALLOWED_ORIGINS.",
        ),
    ],
)
def test_each_slip_is_told(settings: dict[str, Any], text: str) -> None:
    assert found(**settings) == [text]


@pytest.mark.parametrize(
    "settings",
    [
        {"SESSION_COOKIE_SECURE": True, "CSRF_COOKIE_SECURE": False},
        {"X_FRAME_OPTIONS": "", "SECURE_CSP": {"frame-ancestors": ["'none'"]}},
        {"CORS_ALLOW_ALL_ORIGINS": True},
        {"SESSION_ENGINE": "cache", "CACHES": {"default": "redis://127.0.0.1/0"}},
        {"SECURE_HSTS_INCLUDE_SUBDOMAINS": True, "SECURE_HSTS_PRELOAD": True},
    ],
)
def test_what_is_no_slip_is_not(settings: dict[str, Any]) -> None:
    assert found(**settings) == []


def test_what_is_not_in_use_is_told() -> None:
    place = "It belongs into DEFAULT_MIDDLEWARE or MIDDLEWARE."
    assert found(DEFAULT_MIDDLEWARE=[], MIDDLEWARE=["spruce.middleware.sessions.SessionMiddleware"]) == [
        "spruce.middleware.security.SecurityMiddleware is not in use: hosts are not checked, and no header protects "
        f"pages. {place}",
        f"spruce.middleware.csrf.CsrfViewMiddleware is not in use: forms of other sites are taken. {place}",
    ]
