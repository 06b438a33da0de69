"""The settings of performance monitoring: Elastic's names, each with how it is read, checked once when a client starts.

A variable of the environment (`ELASTIC_APM_SERVICE_NAME`) goes before a keyword (`service_name`), and that before the
setting `ELASTIC_APM` of the app (`SERVICE_NAME`).
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from spruce.apm.settingvalues import (
    boolean,
    capture_body,
    cloud,
    count,
    duration,
    labels,
    listed,
    one_of,
    patterns,
    processors,
    rate,
    service_name,
    size,
    url,
    whole,
)
from spruce.apm.wildcards import Patterns
from spruce.errors import ConfigError, nearest

__all__ = ["CHANGEABLE", "PREFIX", "ApmSettings", "changed", "read_settings"]

PREFIX = "ELASTIC_APM_"
_SECRETS = {"secret_token", "api_key", "otlp_headers"}
_HIDDEN_FIELDS = (
    "password,passwd,pwd,secret,*key,*token*,*session*,*credit*,*card*,*auth*,*principal*,set-cookie,*cookie*,*csrf*"
)


@dataclass(frozen=True)
class ApmSettings:
    """What a client keeps to. Times are in seconds, sizes in bytes; names and defaults are those of Elastic's agent."""

    enabled: bool
    recording: bool
    instrument: bool
    service_name: str
    service_version: str | None
    service_node_name: str | None
    environment: str | None
    hostname: str | None
    framework_name: str | None
    framework_version: str | None
    global_labels: dict[str, Any]

    server_url: str
    secret_token: str | None
    api_key: str | None
    verify_server_cert: bool
    server_cert: str | None
    server_ca_cert_file: str | None
    server_timeout: float
    api_request_size: int
    api_request_time: float
    disable_send: bool
    otlp_endpoint: str
    otlp_headers: dict[str, Any]
    otlp_metrics: bool
    central_config: bool
    cloud_provider: str
    include_process_args: bool
    max_queue_size: int
    """Bytes of encoded events that wait to be sent; what comes when there are more is dropped and counted."""

    transaction_sample_rate: float
    transaction_max_spans: int
    transaction_ignore_urls: Patterns
    transactions_ignore_patterns: tuple[str, ...]
    trace_continuation_strategy: str
    span_compression_enabled: bool
    span_compression_exact_match_max_duration: float
    span_compression_same_kind_max_duration: float
    exit_span_min_duration: float
    span_stack_trace_min_duration: float
    use_elastic_traceparent_header: bool

    capture_body: str
    capture_headers: bool
    sanitize_field_names: Patterns
    processors: tuple[Any, ...]
    collect_local_variables: str
    source_lines_error_app_frames: int
    source_lines_error_library_frames: int
    local_var_max_length: int
    local_var_list_max_length: int
    local_var_dict_max_length: int
    stack_trace_limit: int
    filter_exception_types: tuple[str, ...]
    include_paths: Patterns
    exclude_paths: Patterns

    metrics_interval: float
    breakdown_metrics: bool
    disable_metrics: Patterns
    log_ecs_reformatting: str
    auto_log_stacks: bool
    log_level: str | None
    log_file: str
    log_file_size: int
    disable_log_record_factory: bool
    use_elastic_excepthook: bool
    opentelemetry_bridge: bool

    @property
    def may_record(self) -> bool:
        """Whether it records, or might be told to by central configuration."""
        told = self.central_config and bool(self.server_url) and not self.disable_send
        return self.enabled and (self.recording or told)


_READERS: dict[str, tuple[Any, Callable[[Any], Any]]] = {
    "enabled": (True, boolean),
    "recording": (True, boolean),
    "instrument": (True, boolean),
    "service_name": ("python_service", service_name),
    "service_version": (None, str),
    "service_node_name": (None, str),
    "environment": (None, str),
    "hostname": (None, str),
    "framework_name": (None, str),
    "framework_version": (None, str),
    "global_labels": ("", labels),
    "server_url": ("http://127.0.0.1:8200", url),
    "secret_token": (None, str),
    "api_key": (None, str),
    "verify_server_cert": (True, boolean),
    "server_cert": (None, str),
    "server_ca_cert_file": (None, str),
    "server_timeout": ("5s", duration("s")),
    "api_request_size": ("768kb", size),
    "api_request_time": ("10s", duration("s")),
    "disable_send": (False, boolean),
    "otlp_endpoint": ("", url),
    "otlp_headers": ("", labels),
    "otlp_metrics": (True, boolean),
    "central_config": (True, boolean),
    "cloud_provider": ("auto", cloud),
    "include_process_args": (False, boolean),
    "max_queue_size": ("10mb", size),
    "transaction_sample_rate": (1.0, rate),
    "transaction_max_spans": (500, count),
    "transaction_ignore_urls": ("", patterns),
    "transactions_ignore_patterns": ("", listed),
    "trace_continuation_strategy": ("continue", one_of("continue", "restart", "restart_external")),
    "span_compression_enabled": (True, boolean),
    "span_compression_exact_match_max_duration": ("50ms", duration("ms")),
    "span_compression_same_kind_max_duration": ("0ms", duration("ms")),
    "exit_span_min_duration": ("0ms", duration("ms")),
    "span_stack_trace_min_duration": ("5ms", duration("ms")),
    "use_elastic_traceparent_header": (True, boolean),
    "capture_body": ("off", capture_body),
    "capture_headers": (False, boolean),
    "sanitize_field_names": (_HIDDEN_FIELDS, patterns),
    "processors": ((), processors),
    "collect_local_variables": ("errors", one_of("off", "errors", "transactions", "all")),
    "source_lines_error_app_frames": (5, count),
    "source_lines_error_library_frames": (5, count),
    "local_var_max_length": (200, count),
    "local_var_list_max_length": (10, count),
    "local_var_dict_max_length": (10, count),
    "stack_trace_limit": (50, whole),
    "filter_exception_types": ("", listed),
    "include_paths": ("", patterns),
    "exclude_paths": ("", patterns),
    "metrics_interval": ("30s", duration("s")),
    "breakdown_metrics": (True, boolean),
    "disable_metrics": ("", patterns),
    "log_ecs_reformatting": ("off", one_of("off", "override")),
    "auto_log_stacks": (True, boolean),
    "log_level": (None, one_of("trace", "debug", "info", "warning", "warn", "error", "critical", "off")),
    "log_file": ("", str),
    "log_file_size": ("50mb", size),
    "disable_log_record_factory": (False, boolean),
    "use_elastic_excepthook": (False, boolean),
    "opentelemetry_bridge": (False, boolean),
}
"""Of each setting: its default, and what reads it."""

_NAMES = tuple(name.upper() for name in _READERS)

_ALIASES = {
    "SERVER": "SERVER_URL",
    "IGNORE_PATTERNS": "TRANSACTIONS_IGNORE_PATTERNS",
    "SPAN_FRAMES_MIN_DURATION": "SPAN_STACK_TRACE_MIN_DURATION",
    "SPAN_FRAMES_MIN_DURATION_MS": "SPAN_STACK_TRACE_MIN_DURATION",
    "SANITISE_FIELD_NAMES": "SANITIZE_FIELD_NAMES",
}

CHANGEABLE = frozenset(
    {
        "capture_body",
        "capture_headers",
        "collect_local_variables",
        "exit_span_min_duration",
        "log_level",
        "recording",
        "sanitize_field_names",
        "span_compression_enabled",
        "span_compression_exact_match_max_duration",
        "span_compression_same_kind_max_duration",
        "span_stack_trace_min_duration",
        "stack_trace_limit",
        "trace_continuation_strategy",
        "transaction_ignore_urls",
        "transaction_max_spans",
        "transaction_sample_rate",
        "transactions_ignore_patterns",
    }
)
"""What central configuration may change while the program runs."""

NOT_NEEDED = frozenset(
    {
        "ACTIVATION_METHOD",
        "API_REQUEST_QUEUE",
        "ASYNC_MODE",
        "ASYNC_TRANSPORT_CLASS",
        "COLLECT_LOCAL_VARIABLES_ASYNC",
        "COPY_EXTERNAL_TRACESTATE",
        "DEBUG",
        "AUTOINSERT_DJANGO_MIDDLEWARE",
        "DJANGO_AUTOINSERT_MIDDLEWARE",
        "DJANGO_TRANSACTION_NAME_FROM_ROUTE",
        "ENABLE_DISTRIBUTED_TRACING",
        "IGNORE_MESSAGE_QUEUES",
        "INSTRUMENT_DJANGO_MIDDLEWARE",
        "METRICS_SETS",
        "PROMETHEUS_METRICS",
        "PROMETHEUS_METRICS_PREFIX",
        "SKIP_INSTRUMENT_ENV_VAR",
        "SKIP_SERVER_INFO",
        "SOURCE_LINES_SPAN_APP_FRAMES",
        "SOURCE_LINES_SPAN_LIBRARY_FRAMES",
        "SYNC_TRANSPORT_CLASS",
        "TRANSACTION_NAME_GROUPS",
        "TRANSPORT_CLASS",
        "TRANSPORT_JSON_SERIALIZER",
        "USE_CERTIFI",
        "USE_STRUCTLOG",
    }
)
"""Settings of Elastic's agent that stand for something which isn't there here; they are taken, and do nothing."""


def read_settings(
    config: Mapping[str, Any] | None = None,
    inline: Mapping[str, Any] | None = None,
    environ: Mapping[str, str] | None = None,
) -> ApmSettings:
    """Read and check settings. `environ` is the process's own unless given.

    Raises ConfigError for a name that there is not, with the one that was meant, and for a value that can't be read.
    """
    given: dict[str, Any] = {}
    for source, told in ((config or {}, "ELASTIC_APM[{!r}]"), (inline or {}, "Client({}=…)")):
        for name, value in source.items():
            given |= _read(name.upper(), value, told.format(name))
    for variable, text in sorted((os.environ if environ is None else environ).items()):
        if variable.startswith(PREFIX):
            given |= _read(variable.removeprefix(PREFIX), text, variable)
    if given.get("otlp_endpoint"):
        given.setdefault("server_url", "")  # who names another place doesn't mean the usual one as well
    defaults = {name: None if default is None else read(default) for name, (default, read) in _READERS.items()}
    return ApmSettings(**{**defaults, **given})


def changed(settings: ApmSettings, told: Mapping[str, Any]) -> tuple[ApmSettings, list[str]]:
    """Return these settings with what central configuration says, and why the rest of it is not taken."""
    taken: dict[str, Any] = {}
    refused: list[str] = []
    for name, value in told.items():
        key = _ALIASES.get(name.upper(), name.upper())
        if key.lower() not in CHANGEABLE:
            refused.append(f"{name} can't be changed while the program runs")
            continue
        try:
            taken |= _read(key, value, name)
        except ConfigError as error:
            refused.append(str(error))
    return replace(settings, **taken), refused


def _read(name: str, value: Any, told: str) -> dict[str, Any]:
    if name in NOT_NEEDED:
        return {}
    name = _ALIASES.get(name, name)
    if name not in _NAMES:
        raise ConfigError(
            f"{told}: there is no such setting of performance monitoring{nearest(name, _NAMES)}",
            hint="The names are those of Elastic's Python agent.",
        )
    field = name.lower()
    if value is None:
        return {}
    try:
        return {field: _READERS[field][1](value)}
    except (TypeError, ValueError) as error:
        shown = "(hidden)" if field in _SECRETS else repr(value)
        raise ConfigError(f"{told} is {shown}, and must be {error}") from None
