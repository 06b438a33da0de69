"""Settings: Elastic's names and forms, and errors that teach."""

from typing import Any

import pytest

from spruce.apm.settings import NOT_NEEDED, changed, read_settings
from spruce.errors import ConfigError


def test_the_defaults() -> None:
    """Nothing needs to be said."""
    settings = read_settings(environ={})
    assert (settings.server_url, settings.transaction_max_spans) == ("http://127.0.0.1:8200", 500)
    assert (settings.api_request_size, settings.api_request_time) == (768 * 1024, 10.0)
    assert (settings.span_stack_trace_min_duration, settings.capture_body) == (0.005, "off")
    assert settings.sanitize_field_names.match("X-Auth-Token")


def test_what_goes_before_what() -> None:
    """The environment goes before keywords, those before the app's settings."""
    assert read_settings({"SERVICE_NAME": "a"}, environ={}).service_name == "a"
    assert read_settings({"SERVICE_NAME": "a"}, {"service_name": "b"}, {}).service_name == "b"
    environ = {"ELASTIC_APM_SERVICE_NAME": "c", "HOME": "/"}
    assert read_settings({"SERVICE_NAME": "a"}, {"service_name": "b"}, environ).service_name == "c"


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("API_REQUEST_TIME", "5", 5.0),
        ("API_REQUEST_TIME", "1m", 60.0),
        ("EXIT_SPAN_MIN_DURATION", "100us", 0.0001),
        ("EXIT_SPAN_MIN_DURATION", "3", 0.003),
        ("SPAN_STACK_TRACE_MIN_DURATION", "-1ms", -0.001),
        ("SPAN_FRAMES_MIN_DURATION", "2ms", 0.002),
        ("API_REQUEST_SIZE", "1mb", 1 << 20),
        ("TRANSACTION_SAMPLE_RATE", "0.00001", 0.0001),
        ("TRANSACTION_SAMPLE_RATE", "0.55554", 0.5555),
        ("CAPTURE_BODY", True, "all"),
        ("RECORDING", "no", False),
        ("GLOBAL_LABELS", "a=1, b=2", {"a": "1", "b": "2"}),
        ("GLOBAL_LABELS", {"a": 1}, {"a": 1}),
        ("PROCESSORS", "a.b, c.d", ("a.b", "c.d")),
        ("SERVICE_VERSION", None, None),
        ("CLOUD_PROVIDER", True, "auto"),
        ("CLOUD_PROVIDER", "False", "none"),
        ("CLOUD_PROVIDER", "GCP", "gcp"),
        ("LOG_LEVEL", "Warning", "warning"),
        ("SERVER_URL", "https://apm.example/", "https://apm.example"),
    ],
)
def test_values_in_their_forms(name: str, text: Any, value: object) -> None:
    """Times, sizes, rates, lists and words are read as Elastic's agent does."""
    field = {"SPAN_FRAMES_MIN_DURATION": "span_stack_trace_min_duration"}.get(name, name.lower())
    assert getattr(read_settings({name: text}, environ={}), field) == value


@pytest.mark.parametrize(
    ("config", "told"),
    [
        (
            {"SERVICE_NAM": "a"},
            "ELASTIC_APM['SERVICE_NAM']: there is no such setting of performance monitoring; did you mean "
            "'SERVICE_NAME'? The names are those of Elastic's Python agent.",
        ),
        (
            {"SERVICE_NAME": "a/b"},
            "ELASTIC_APM['SERVICE_NAME'] is 'a/b', and must be letters, digits, spaces, _ and -",
        ),
        (
            {"TRANSACTION_SAMPLE_RATE": "all"},
            "ELASTIC_APM['TRANSACTION_SAMPLE_RATE'] is 'all', and must be a number from 0 to 1",
        ),
        (
            {"TRANSACTION_SAMPLE_RATE": 2},
            "ELASTIC_APM['TRANSACTION_SAMPLE_RATE'] is 2, and must be a number from 0 to 1",
        ),
        (
            {"CLOUD_PROVIDER": "ibm"},
            "ELASTIC_APM['CLOUD_PROVIDER'] is 'ibm', and must be auto or aws or gcp or azure or none",
        ),
        ({"SERVER_TIMEOUT": "soon"}, "ELASTIC_APM['SERVER_TIMEOUT'] is 'soon', and must be a time as 10s, 5ms or 2m"),
        ({"API_REQUEST_SIZE": "big"}, "ELASTIC_APM['API_REQUEST_SIZE'] is 'big', and must be a size as 768kb"),
        ({"STACK_TRACE_LIMIT": "x"}, "ELASTIC_APM['STACK_TRACE_LIMIT'] is 'x', and must be a whole number"),
        (
            {"TRANSACTION_MAX_SPANS": -1},
            "ELASTIC_APM['TRANSACTION_MAX_SPANS'] is -1, and must be a whole number, not negative",
        ),
        ({"RECORDING": "perhaps"}, "ELASTIC_APM['RECORDING'] is 'perhaps', and must be true or false"),
        (
            {"CAPTURE_BODY": "some"},
            "ELASTIC_APM['CAPTURE_BODY'] is 'some', and must be off or errors or transactions or all",
        ),
        (
            {"SERVER_URL": "apm:8200"},
            "ELASTIC_APM['SERVER_URL'] is 'apm:8200', and must be http://host:port or https://host:port",
        ),
        ({"OTLP_HEADERS": "secret"}, "ELASTIC_APM['OTLP_HEADERS'] is (hidden), and must be name=value,name=value"),
    ],
)
def test_a_slip_is_told(config: dict[str, Any], told: str) -> None:
    """With the value, what it must be, and the name that was meant; secrets stay hidden."""
    with pytest.raises(ConfigError) as caught:
        read_settings(config, environ={})
    assert str(caught.value) == told


def test_where_a_slip_is() -> None:
    """A keyword and a variable are told as such."""
    with pytest.raises(ConfigError, match=r"^Client\(colour=…\): there is no such setting"):
        read_settings(inline={"colour": 1}, environ={})
    with pytest.raises(ConfigError, match=r"^ELASTIC_APM_RECORDING is 'x', and must be true or false$"):
        read_settings(environ={"ELASTIC_APM_RECORDING": "x"})


def test_settings_that_stand_for_what_is_not_there() -> None:
    """Programs that come from Elastic's agent keep theirs."""
    assert "TRANSPORT_CLASS" in NOT_NEEDED
    assert read_settings({"TRANSPORT_CLASS": "elasticapm.transport.http.Transport"}, environ={}).enabled


def test_what_is_changed_while_it_runs() -> None:
    """Under each of its names; the rest stays, and is told."""
    before = read_settings(environ={})
    settings, refused = changed(before, {"span_frames_min_duration_ms": "9ms", "SERVICE_NAME": "b", "recording": "?"})
    assert (settings.span_stack_trace_min_duration, settings.service_name) == (0.009, "python_service")
    assert refused == [
        "SERVICE_NAME can't be changed while the program runs",
        "recording is '?', and must be true or false",
    ]
    assert before.span_stack_trace_min_duration == 0.005


def test_what_may_be_told_to_record() -> None:
    """By central configuration, if that is asked."""
    assert read_settings({"RECORDING": False}, environ={}).may_record
    assert not read_settings({"RECORDING": False, "CENTRAL_CONFIG": False}, environ={}).may_record
    assert not read_settings({"RECORDING": False, "DISABLE_SEND": True}, environ={}).may_record
    assert not read_settings({"ENABLED": False}, environ={}).may_record
