"""Django's admin, with its usual middleware; each size is a database of its own in one process, chosen by a router."""

import re
import sqlite3
import sys
from pathlib import Path
from urllib.parse import urlencode

import django
from django.conf import settings
from warehouse import FOLDER, PASSWORD, SIZES, declare, fill, serve_admin

current = "thousand"


class Router:
    """All that is asked goes to the database of the size that is measured."""

    def db_for_read(self, model, **hints):
        return current

    db_for_write = db_for_read


settings.configure(
    DEBUG=False,
    SECRET_KEY="k" * 50,
    ALLOWED_HOSTS=["localhost"],
    ROOT_URLCONF="django_admin_urls",
    INSTALLED_APPS=[
        "django.contrib.admin",
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "django.contrib.sessions",
        "django.contrib.messages",
        "django.contrib.staticfiles",
        "warehouse",
    ],
    MIDDLEWARE=[
        "django.middleware.security.SecurityMiddleware",
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.common.CommonMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "django.contrib.messages.middleware.MessageMiddleware",
        "django.middleware.clickjacking.XFrameOptionsMiddleware",
    ],
    TEMPLATES=[
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "APP_DIRS": True,
            "OPTIONS": {
                "context_processors": [
                    "django.template.context_processors.request",
                    "django.contrib.auth.context_processors.auth",
                    "django.contrib.messages.context_processors.messages",
                ]
            },
        }
    ],
    DATABASES={
        size: {"ENGINE": "django.db.backends.sqlite3", "NAME": str(Path(FOLDER, f"django-{size}.db"))}
        for size in ("default", *SIZES)
    },
    DATABASE_ROUTERS=[Router()],
    STATIC_URL="/static/",
    USE_TZ=True,
    LOGGING_CONFIG=None,
)
django.setup()

from django.contrib import admin  # noqa: E402 - after setup(), as Django wants it
from django.contrib.auth.models import User  # noqa: E402 - the same
from django.core.handlers.wsgi import WSGIHandler  # noqa: E402 - the same
from django.core.management import call_command  # noqa: E402 - the same
from django.db import connections, models  # noqa: E402 - the same
from django.test.utils import CaptureQueriesContext  # noqa: E402 - the same
from django.urls import path  # noqa: E402 - the same

Maker, Product = declare(models, admin)


class Urls:
    urlpatterns = (path("admin/", admin.site.urls),)


sys.modules["django_admin_urls"] = Urls
handler = WSGIHandler()


def at(size):
    """The app, on the database of a size."""

    def call(environ, start_response):
        global current
        current = size
        return handler(environ, start_response)

    return call


def make(size, number):
    global current
    current = size
    call_command("migrate", database=size, verbosity=0)
    with connections[size].schema_editor() as editor:
        editor.create_model(Maker)
        editor.create_model(Product)
    with sqlite3.connect(settings.DATABASES[size]["NAME"]) as connection:
        fill(connection, "warehouse_product", "warehouse_maker", number)
    connection.close()
    User.objects.db_manager(size).create_superuser("root", "root@example.com", PASSWORD)


def log_in(browser):
    page = browser.ask("/admin/login/")[2]
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)[1]
    data = {"username": "root", "password": PASSWORD, "csrfmiddlewaretoken": token, "next": "/admin/"}
    return browser.ask("/admin/login/", urlencode(data).encode())


def queries(call):
    found = 0
    for size in SIZES:
        with CaptureQueriesContext(connections[size]) as seen:
            call()
        found += len(seen)
    return found


for size, number in SIZES.items():
    make(size, number)
serve_admin({size: at(size) for size in SIZES}, dict.fromkeys(SIZES, "/admin/warehouse/product/"), log_in, queries)
