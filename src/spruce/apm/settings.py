"""The settings of performance monitoring: Elastic's names, each with how it is read, checked once when a client starts.

A variable of the environment (`ELASTIC_APM_SERVICE_NAME`) goes before a keyword (`service_name`), and that before the
setting `ELASTIC_APM` of the app (`SERVICE_NAME`).
"""

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from spruce.apm.wildcards import Patterns
from spruce.errors import ConfigError, nearest

__all__ = ["CHANGEABLE", "PREFIX", "ApmSettings", "changed", "read_settings"]

PREFIX = "ELASTIC_APM_"
_DURATION = re.compile(r"(-?\d+(?:\.\d+)?)\s*(us|ms|s|m)?")
_A_SECOND = {"us": 1_000_000, "ms": 1000, "s": 1, "m": 1 / 60}
_SIZE = re.compile(r"(\d+)\s*(b|kb|mb|gb)?", re.IGNORECASE)
_BYTES = {"b": 1, "kb": 1 << 10, "mb": 1 << 20, "gb": 1 << 30}
_TRUE, _FALSE = {"1", "true", "yes", "on"}, {"0", "false", "no", "off", ""}
_SECRETS = {"secret_token", "api_key", "otlp_headers"}
_HIDDEN_FIELDS = (
    "password,passwd,pwd,secret,*key,*token*,*session*,*credit*,*card*,*auth*,*principal*,set-cookie,*cookie*,*csrf*"
)


def _boolean(value: Any) -> bool:
    word = str(value).strip().lower()
    if word not in _TRUE | _FALSE:
        raise ValueError("true or false")
    return word in _TRUE


def _listed(value: Any) -> tuple[str, ...]:
    items = value.split(",") if isinstance(value, str) else value
    return tuple(str(item).strip() for item in items if str(item).strip())


def _patterns(value: Any) -> Patterns:
    return Patterns(_listed(value))


def _labels(value: Any) -> dict[str, Any]:
    if isinstance(value, Mapping):
        return dict(value)
    pairs = [item.partition("=") for item in _listed(value)]
    if any(not middle for _, middle, _ in pairs):
        raise ValueError("name=value,name=value")
    return {name.strip(): text.strip() for name, _, text in pairs}


def _duration(unit: str) -> Callable[[Any], float]:
    def read(value: Any) -> float:
        found = _DURATION.fullmatch(str(value).strip().lower())
        if found is None:
            raise ValueError("a time as 10s, 5ms or 2m")
        return float(found[1]) / _A_SECOND[found[2] or unit]

    return read


def _size(value: Any) -> int:
    found = _SIZE.fullmatch(str(value).strip())
    if found is None:
        raise ValueError("a size as 768kb")
    return int(found[1]) * _BYTES[(found[2] or "b").lower()]


def _rate(value: Any) -> float:
    rate = _number(float, value, "a number from 0 to 1")
    if not 0 <= rate <= 1:
        raise ValueError("a number from 0 to 1")
    return 0.0001 if 0 < rate < 0.0001 else round(rate, 4)  # as Elastic's agents agreed, so that all say the same


def _count(value: Any) -> int:
    number = _whole(value)
    if number < 0:
        raise ValueError("a whole number, not negative")
    return number


def _whole(value: Any) -> int:
    return int(_number(int, value, "a whole number"))


def _number(kind: Callable[[Any], float], value: Any, expected: str) -> float:
    try:
        return kind(value)
    except (TypeError, ValueError):
        raise ValueError(expected) from None


def _one_of(*words: str) -> Callable[[Any], str]:
    def read(value: Any) -> str:
        word = str(value).strip().lower()
        if word not in words:
            raise ValueError(" or ".join(words))
        return word

    return read


def _service_name(value: Any) -> str:
    name = str(value)
    if not re.fullmatch(r"[a-zA-Z0-9 _-]+", name):
        raise ValueError("letters, digits, spaces, _ and -")
    return name


def _url(value: Any) -> str:
    url = str(value).strip().rstrip("/")
    if url and not re.match(r"https?://[^/]", url):
        raise ValueError("http://host:port or https://host:port")
    return url


def _capture_body(value: Any) -> str:
    return _one_of("off", "errors", "transactions", "all")({True: "all", False: "off"}.get(value, value))


def _cloud(value: Any) -> str:
    read = _one_of("auto", "aws", "gcp", "azure", "none")
    word = str(value).strip().lower()
    return read({"true": "auto", "false": "none"}.get(word, word))


def _processors(value: Any) -> tuple[Any, ...]:
    return _listed(value) if isinstance(value, str) else tuple(value)


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
    "enabled": (True, _boolean),
    "recording": (True, _boolean),
    "instrument": (True, _boolean),
    "service_name": ("python_service", _service_name),
    "service_version": (None, str),
    "service_node_name": (None, str),
    "environment": (None, str),
    "hostname": (None, str),
    "framework_name": (None, str),
    "framework_version": (None, str),
    "global_labels": ("", _labels),
    "server_url": ("http://127.0.0.1:8200", _url),
    "secret_token": (None, str),
    "api_key": (None, str),
    "verify_server_cert": (True, _boolean),
    "server_cert": (None, str),
    "server_ca_cert_file": (None, str),
    "server_timeout": ("5s", _duration("s")),
    "api_request_size": ("768kb", _size),
    "api_request_time": ("10s", _duration("s")),
    "disable_send": (False, _boolean),
    "otlp_endpoint": ("", _url),
    "otlp_headers": ("", _labels),
    "otlp_metrics": (True, _boolean),
    "central_config": (True, _boolean),
    "cloud_provider": ("auto", _cloud),
    "include_process_args": (False, _boolean),
    "max_queue_size": ("10mb", _size),
    "transaction_sample_rate": (1.0, _rate),
    "transaction_max_spans": (500, _count),
    "transaction_ignore_urls": ("", _patterns),
    "transactions_ignore_patterns": ("", _listed),
    "trace_continuation_strategy": ("continue", _one_of("continue", "restart", "restart_external")),
    "span_compression_enabled": (True, _boolean),
    "span_compression_exact_match_max_duration": ("50ms", _duration("ms")),
    "span_compression_same_kind_max_duration": ("0ms", _duration("ms")),
    "exit_span_min_duration": ("0ms", _duration("ms")),
    "span_stack_trace_min_duration": ("5ms", _duration("ms")),
    "use_elastic_traceparent_header": (True, _boolean),
    "capture_body": ("off", _capture_body),
    "capture_headers": (False, _boolean),
    "sanitize_field_names": (_HIDDEN_FIELDS, _patterns),
    "processors": ((), _processors),
    "collect_local_variables": ("errors", _one_of("off", "errors", "transactions", "all")),
    "source_lines_error_app_frames": (5, _count),
    "source_lines_error_library_frames": (5, _count),
    "local_var_max_length": (200, _count),
    "local_var_list_max_length": (10, _count),
    "local_var_dict_max_length": (10, _count),
    "stack_trace_limit": (50, _whole),
    "filter_exception_types": ("", _listed),
    "include_paths": ("", _patterns),
    "exclude_paths": ("", _patterns),
    "metrics_interval": ("30s", _duration("s")),
    "breakdown_metrics": (True, _boolean),
    "disable_metrics": ("", _patterns),
    "log_ecs_reformatting": ("off", _one_of("off", "override")),
    "auto_log_stacks": (True, _boolean),
    "log_level": (None, _one_of("trace", "debug", "info", "warning", "warn", "error", "critical", "off")),
    "log_file": ("", str),
    "log_file_size": ("50mb", _size),
    "disable_log_record_factory": (False, _boolean),
    "use_elastic_excepthook": (False, _boolean),
    "opentelemetry_bridge": (False, _boolean),
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
