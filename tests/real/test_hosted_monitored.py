"""Applications of Flask, Django, FastAPI and Starlette under `spruce run`, unchanged: what Elastic is told of them."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.apm.collector import Collector, collecting
from tests.real.conftest import Served

FOLDER = Path(__file__).parent


@pytest.fixture
def collector() -> Iterator[Collector]:
    """A collector that runs as long as the test."""
    with collecting() as running:
        yield running


@pytest.fixture
def monitored(serve: Callable[..., Served], collector: Collector) -> Callable[..., Served]:
    """Serve an application that sends what it does to the collector: variables of the environment are all it takes."""

    def start(name: str, *options: str, folder: Path = FOLDER, **environment: str) -> Served:
        settings = {"SERVER_URL": collector.url, "SERVICE_NAME": "shop", "CLOUD_PROVIDER": "none"}
        told = {f"ELASTIC_APM_{key}": value for key, value in settings.items()}
        return serve(name, *options, folder=folder, **told, **environment)

    return start


def names(collector: Collector) -> list[str]:
    return [f"{one['name']} {one['context']['response']['status_code']}" for one in collector.of("transaction")]


def errors(collector: Collector) -> list[tuple[str, str, str]]:
    return [
        (one["exception"]["type"], one["transaction"]["name"], one["context"]["request"]["url"]["pathname"])
        for one in collector.of("error")
    ]


@pytest.mark.parametrize("options", [(), ("--patch",)])
def test_flask(monitored: Callable[..., Served], collector: Collector, options: tuple[str, ...]) -> None:
    """Its rules, and what its 500 was; the server is asked for central configuration."""
    served = monitored("hosted_flask.py", *options)
    for path in ("/user?a=1", "/static/none.css", "/nope", "/broken"):
        served.ask(path)
    assert served.stop() == 0
    assert names(collector) == [
        "GET /user 200",
        "GET /static/<path:filename> 404",
        "GET unknown route 404",
        "GET /broken 500",
    ]
    assert errors(collector) == [("ZeroDivisionError", "GET /broken", "/broken")]
    assert set(collector.asked) == {"/config/v1/agents?service.name=shop"}


@pytest.mark.parametrize("application", ["application", "asgi_application"])
def test_django(monitored: Callable[..., Served], collector: Collector, tmp_path: Path, application: str) -> None:
    """Its admin, with patterns for what is in its addresses."""
    database = {"DJANGO_DATABASE": str(tmp_path / "django.sqlite3")}
    command = [sys.executable, "hosted_django.py", "migrate"]
    subprocess.run(command, cwd=FOLDER, env={**os.environ, **database}, check=True, capture_output=True, timeout=100)
    served = monitored(f"hosted_django:{application}", **database)
    for path in ("/where/", "/admin/auth/user/7/change/", "/nope/"):
        served.ask(path)
    assert served.stop() == 0
    assert names(collector) == [
        "GET /where/ 200",
        "GET /admin/auth/user/<path:object_id>/change/ 302",
        "GET unknown route 404",
    ]


def test_fastapi_and_starlette(monitored: Callable[..., Served], collector: Collector, tmp_path: Path) -> None:
    """Their paths, with those of their mounts."""
    shutil.copy(FOLDER / "hosted_asgi.py", tmp_path)  # where it leaves traces
    served = monitored("hosted_asgi:fastapi", folder=tmp_path)
    for path, method in (("/orders/3", "POST"), ("/events", "GET"), ("/nope", "GET")):
        served.ask(path, method)
    assert served.stop() == 0
    assert names(collector) == ["POST /orders/{shop} 401", "GET /events 200", "GET unknown route 404"]
    served = monitored("hosted_asgi:starlette", folder=tmp_path)
    for path in ("/", "/files/hosted_asgi.py", "/nope"):
        served.ask(path)
    assert served.stop() == 0
    assert names(collector)[3:] == ["GET / 200", "GET /files/{path} 200", "GET unknown route 404"]
