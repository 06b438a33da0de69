"""All that Elastic documents of its Python agent is here, or told as a difference in the docs."""

import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from spruce import apm
from spruce.apm import Client
from spruce.apm.settings import NOT_NEEDED, read_settings
from spruce.errors import ConfigError

PAGE = (Path(__file__).parents[1] / "docs" / "reference" / "elasticapm.md").read_text("utf-8")

FUNCTIONS: dict[str, tuple[str, ...]] = {
    "Client": ("config", "inline"),
    "Client.begin_transaction": ("transaction_type", "trace_parent", "links"),
    "Client.end_transaction": ("name", "result"),
    "Client.capture_exception": ("exc_info", "handled"),
    "Client.capture_message": ("message", "param_message"),
    "Client.close": (),
    "get_client": (),
    "instrument": (),
    "uninstrument": (),
    "set_transaction_name": ("name", "override"),
    "set_transaction_result": ("result", "override"),
    "set_transaction_outcome": ("outcome", "http_status_code", "override"),
    "get_transaction_id": (),
    "get_trace_id": (),
    "get_span_id": (),
    "get_trace_parent_header": (),
    "set_context": ("data", "key"),
    "set_custom_context": ("data",),
    "set_user_context": ("username", "email", "user_id"),
    "label": ("labels",),
    "capture_span": (
        "name",
        "span_type",
        "extra",
        "skip_frames",
        "leaf",
        "labels",
        "span_subtype",
        "span_action",
        "start",
        "duration",
        "sync",
        "links",
    ),
    "async_capture_span": ("name", "span_type", "leaf", "labels", "span_subtype", "span_action", "links"),
    "trace_parent_from_string": ("traceparent", "tracestate", "is_legacy"),
    "trace_parent_from_headers": ("headers",),
    "setup_logging": ("handler", "exclude"),
    "structlog_processor": ("logger", "method_name", "event_dict"),
    "LoggingHandler": (),
    "LoggingFilter": (),
    "Formatter": (),
    "for_events": ("kinds",),
}
"""What Elastic documents, with the names of its parameters."""

SETTINGS: dict[str, Any] = {
    "ENABLED": True,
    "RECORDING": True,
    "INSTRUMENT": True,
    "SERVICE_NODE_NAME": None,
    "SERVICE_VERSION": None,
    "ENVIRONMENT": None,
    "HOSTNAME": None,
    "SECRET_TOKEN": None,
    "API_KEY": None,
    "SERVER_URL": "http://127.0.0.1:8200",
    "SERVER_CERT": None,
    "SERVER_CA_CERT_FILE": None,
    "VERIFY_SERVER_CERT": True,
    "SERVER_TIMEOUT": 5,
    "FRAMEWORK_NAME": None,
    "FRAMEWORK_VERSION": None,
    "GLOBAL_LABELS": {},
    "DISABLE_SEND": False,
    "LOG_LEVEL": None,
    "LOG_FILE": "",
    "LOG_FILE_SIZE": 50 * 1024 * 1024,
    "LOG_ECS_REFORMATTING": "off",
    "DISABLE_LOG_RECORD_FACTORY": False,
    "AUTO_LOG_STACKS": True,
    "USE_ELASTIC_EXCEPTHOOK": False,
    "FILTER_EXCEPTION_TYPES": (),
    "TRANSACTIONS_IGNORE_PATTERNS": (),
    "API_REQUEST_TIME": 10,
    "API_REQUEST_SIZE": 768 * 1024,
    "CAPTURE_BODY": "off",
    "TRANSACTION_MAX_SPANS": 500,
    "STACK_TRACE_LIMIT": 50,
    "SPAN_STACK_TRACE_MIN_DURATION": 0.005,
    "SPAN_COMPRESSION_ENABLED": True,
    "SPAN_COMPRESSION_EXACT_MATCH_MAX_DURATION": 0.05,
    "SPAN_COMPRESSION_SAME_KIND_MAX_DURATION": 0,
    "EXIT_SPAN_MIN_DURATION": 0,
    "TRANSACTION_SAMPLE_RATE": 1,
    "COLLECT_LOCAL_VARIABLES": "errors",
    "SOURCE_LINES_ERROR_APP_FRAMES": 5,
    "SOURCE_LINES_ERROR_LIBRARY_FRAMES": 5,
    "LOCAL_VAR_MAX_LENGTH": 200,
    "LOCAL_VAR_LIST_MAX_LENGTH": 10,
    "LOCAL_VAR_DICT_MAX_LENGTH": 10,
    "METRICS_INTERVAL": 30,
    "BREAKDOWN_METRICS": True,
    "CENTRAL_CONFIG": True,
    "CLOUD_PROVIDER": "auto",
    "INCLUDE_PROCESS_ARGS": False,
    "USE_ELASTIC_TRACEPARENT_HEADER": True,
    "TRACE_CONTINUATION_STRATEGY": "continue",
}
"""Elastic's settings with their defaults, as they are read here: seconds, bytes, tuples."""

OTHERWISE = ("SERVICE_NAME", "CAPTURE_HEADERS", "SANITIZE_FIELD_NAMES")
"""Those whose defaults are others."""

LISTS = ("TRANSACTION_IGNORE_URLS", "INCLUDE_PATHS", "EXCLUDE_PATHS", "DISABLE_METRICS", "PROCESSORS")

TAKEN = (
    "TRANSPORT_CLASS",
    "TRANSPORT_JSON_SERIALIZER",
    "ASYNC_MODE",
    "DEBUG",
    "METRICS_SETS",
    "PROMETHEUS_METRICS",
    "PROMETHEUS_METRICS_PREFIX",
    "SOURCE_LINES_SPAN_APP_FRAMES",
    "SOURCE_LINES_SPAN_LIBRARY_FRAMES",
    "INSTRUMENT_DJANGO_MIDDLEWARE",
    "AUTOINSERT_DJANGO_MIDDLEWARE",
    "DJANGO_TRANSACTION_NAME_FROM_ROUTE",
    "IGNORE_MESSAGE_QUEUES",
    "ENABLE_DISTRIBUTED_TRACING",
    "SKIP_SERVER_INFO",
    "USE_CERTIFI",
)
"""What stands for something that isn't there."""


@pytest.mark.parametrize(("name", "parameters"), FUNCTIONS.items())
def test_each_function_with_its_parameters(name: str, parameters: tuple[str, ...]) -> None:
    """By keyword, in Elastic's order; and the page about differences names it."""
    thing: Any = apm
    for part in name.split("."):
        thing = getattr(thing, part)
    ours = list(inspect.signature(thing).parameters) if parameters else []
    assert [one for one in ours if one in parameters] == list(parameters)
    assert f"{name.rpartition('.')[2]}`" in PAGE


@pytest.mark.parametrize(("name", "default"), SETTINGS.items())
def test_each_setting_with_its_default(name: str, default: Any) -> None:
    """Elastic's."""
    assert getattr(read_settings(environ={}), name.lower()) == default
    assert read_settings(environ={f"ELASTIC_APM_{name}": ""} if default in ("", ()) else {})


def test_the_rest_of_the_settings() -> None:
    """Lists are empty; those whose defaults are others, and those that do nothing, are told on the page."""
    settings = read_settings(environ={})
    assert not any(getattr(settings, name.lower()) for name in LISTS)
    for name in OTHERWISE:
        assert hasattr(settings, name.lower())
        assert f"| `{name}`" in PAGE
    for name in TAKEN:
        assert name in NOT_NEEDED
    assert sorted(NOT_NEEDED) == sorted(set(re.findall(r"`([A-Z_]+)`", PAGE.split("do nothing")[1])) - _MENTIONED)


_MENTIONED = {"DISABLE_METRICS", "SERVER_CA_CERT_FILE", "TRACE_CONTINUATION_STRATEGY", "OPENTELEMETRY_BRIDGE"}


def test_nothing_is_taken_that_nobody_knows() -> None:
    """A slip is one, however many names there are."""
    with pytest.raises(ConfigError):
        read_settings({"TRANSPORT_CLAS": "x"}, environ={})


@pytest.fixture
def client() -> Iterator[Client]:
    """Return a client that sends nothing, which ends with the test."""
    made = Client(disable_send=True)
    yield made
    made.close()


def test_the_name_of_the_module_is_all_that_changes(client: Client) -> None:
    """A program of Elastic's users, with the import line changed."""
    from spruce import apm as elasticapm  # the line

    client.begin_transaction("script")

    @elasticapm.async_capture_span("later", span_type="app.step")
    async def later() -> None:
        """Do nothing."""

    with elasticapm.capture_span("now", labels={"a": 1}, links=[]):
        elasticapm.set_context(lambda: {"who": "ada"}, "custom")
    elasticapm.set_context({"username": "ada", "id": 7}, "user")
    elasticapm.set_context({"tier": "gold"}, "tags")
    with pytest.raises(ValueError, match=r"^a part of the context is one of custom, user, tags, not 'request'$"):
        elasticapm.set_context({}, "request")
    elasticapm.set_transaction_name("mine", override=False)
    transaction = client.end_transaction(__name__, "success")
    assert transaction is not None
    assert (transaction.name, transaction.custom, transaction.labels) == ("mine", {"who": "ada"}, {"tier": "gold"})
    assert transaction.user == {"username": "ada", "id": 7}
