"""A Django project in one file, with its admin; tests serve it unchanged. `python hosted_django.py migrate` begins."""

import asyncio
import os
import sys
import threading

import django
from django.conf import settings

settings.configure(
    SECRET_KEY="k" * 50,
    DEBUG=True,
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF=__name__,
    STATIC_URL="static/",
    INSTALLED_APPS=[
        "django.contrib.admin",
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "django.contrib.sessions",
        "django.contrib.messages",
        "django.contrib.staticfiles",
    ],
    MIDDLEWARE=[
        "django.middleware.security.SecurityMiddleware",
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.common.CommonMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "django.contrib.messages.middleware.MessageMiddleware",
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
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": os.environ["DJANGO_DATABASE"]}},
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
)

from django.contrib import admin  # noqa: E402 - settings first
from django.contrib.staticfiles.handlers import ASGIStaticFilesHandler, StaticFilesHandler  # noqa: E402 - settings first
from django.core.asgi import get_asgi_application  # noqa: E402 - settings first
from django.core.management import execute_from_command_line  # noqa: E402 - settings first
from django.core.wsgi import get_wsgi_application  # noqa: E402 - settings first
from django.db import connection, transaction  # noqa: E402 - settings first
from django.http import HttpRequest, JsonResponse, StreamingHttpResponse  # noqa: E402 - settings first
from django.urls import path, reverse  # noqa: E402 - settings first

django.setup()

from django.contrib.auth.models import User  # noqa: E402 - settings first

application = StaticFilesHandler(get_wsgi_application())
asgi_application = ASGIStaticFilesHandler(get_asgi_application())


def where(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"path": request.path, "url": request.build_absolute_uri(), "admin": reverse("admin:index")})


def stream(request: HttpRequest) -> StreamingHttpResponse:
    return StreamingHttpResponse((f"{number}\n" for number in range(3)), content_type="text/plain")


barrier = threading.Barrier(10)


def together(request: HttpRequest) -> JsonResponse:
    """Ten of these are in a transaction at the same time, each on a connection of its own."""
    with transaction.atomic():
        before = id(connection.connection), User.objects.count()
        barrier.wait(timeout=20)
        after = id(connection.connection), User.objects.count()
    return JsonResponse({"same": before == after, "connection": before[0], "thread": threading.get_ident()})


async def later(request: HttpRequest) -> JsonResponse:
    """An asynchronous view, which WSGI hosts by a loop in another thread."""
    await asyncio.sleep(0)
    return JsonResponse({"users": await User.objects.acount()})


urlpatterns = [path("admin/", admin.site.urls), path("where/", where), path("stream/", stream)]
urlpatterns += [path("together/", together), path("later/", later)]

if __name__ == "__main__":
    execute_from_command_line(sys.argv)
