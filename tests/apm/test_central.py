"""Central configuration: asked for, kept to, given up; and servers that don't know what they say."""

import json
import logging
import socket
import threading
from collections.abc import Callable

import pytest
from tests.apm.answering import Answer, Answering, Question, answering
from tests.apm.collector import collecting
from tests.apm.conftest import Records

from spruce import App
from spruce.apm import Client
from spruce.apm.central import Central
from spruce.apm.recorder import Recorder
from spruce.apm.settings import changed, read_settings


def of(server: Answering | str, **settings: object) -> tuple[Recorder, Central]:
    """A recorder, and what keeps it to the server's word."""
    url = server if isinstance(server, str) else server.url
    recorder = Recorder(read_settings({"SERVER_URL": url, "SERVICE_NAME": "shop", **settings}, environ={}))
    return recorder, Central(recorder)


def says(told: object, version: str = '"1"', age: str = "max-age=30, must-revalidate") -> Answer:
    body = told if isinstance(told, bytes) else json.dumps(told).encode()
    return 200, {"ETag": version, "Cache-Control": age, "Content-Type": "application/json"}, body


def test_what_is_said_is_kept_to(records: Records) -> None:
    """It is asked by name and environment, with the token; the answer holds until it ages."""
    told = {
        "transaction_sample_rate": "0.25",
        "capture_body": "all",
        "transaction_max_spans": "7",
        "transaction_ignore_urls": "/health*",
        "recording": "false",
        "span_frames_min_duration": "7ms",
    }
    with answering(lambda _: says(told)) as server:
        recorder, central = of(server, ENVIRONMENT="production", SECRET_TOKEN="s")
        assert central.ask() == 30
        settings = recorder.settings
        assert (settings.transaction_sample_rate, settings.capture_body) == (0.25, "all")
        assert (settings.transaction_max_spans, settings.span_stack_trace_min_duration) == (7, 0.007)
        assert settings.transaction_ignore_urls.match("/healthz")
        assert not recorder.recording
        (question,) = server.questions
        assert question.path == "/config/v1/agents?service.name=shop&service.environment=production"
        assert question.headers["authorization"] == "Bearer s"
        assert "if-none-match" not in question.headers
        recorder.close()


def test_it_says_which_answer_it_has(records: Records) -> None:
    """With If-None-Match; 304 leaves all as it is, and what is said no more is as the program has it."""
    answers = [
        says({"transaction_sample_rate": "0.5"}, '"a"'),
        (304, {"Cache-Control": "max-age=60"}, b""),
        says({"capture_headers": "true"}, '"b"'),
        says({}, '"c"'),
    ]
    with answering(lambda _: answers.pop(0)) as server:
        recorder, central = of(server, TRANSACTION_SAMPLE_RATE=0.9)
        seen = []
        ages = []
        for _ in range(4):
            ages.append(central.ask())
            seen.append((recorder.settings.transaction_sample_rate, recorder.settings.capture_headers))
        assert seen == [(0.5, False), (0.5, False), (0.9, True), (0.9, False)]
        assert ages == [30, 60, 30, 30]
        assert [one.headers.get("if-none-match") for one in server.questions] == [None, '"a"', '"a"', '"b"']
        assert recorder.settings == central.local
        recorder.close()


@pytest.mark.parametrize(
    ("age", "seconds"),
    [
        ("", 300),
        ("no-store", 300),
        ("max-age=0", 300),
        ("max-age=1", 5),
        ("max-age=-5", 300),
        ("max-age=999999999", 86_400),
        ("max-age=99999999999999999999", 300),
        ("max-age=ten", 300),
    ],
)
def test_how_long_an_answer_holds(records: Records, age: str, seconds: int) -> None:
    """Five seconds at least, a day at most, five minutes where it isn't said."""
    with answering(lambda _: says({}, age=age)) as server:
        recorder, central = of(server)
        assert central.ask() == seconds
        recorder.close()


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ((500, {}, b"oops"), "answered 500"),
        ((302, {"Location": "http://127.0.0.1:1/"}, b""), "answered 302"),
        (says(b"<html>"), "answered what can't be read: JSON is malformed: invalid character (byte 0)"),
        (says([1, 2]), "answered what can't be read: Expected `object`, got `array`"),
        (says(b"\xff\xfe"), "answered what can't be read: JSON is malformed: invalid character (byte 0)"),
        (says(b" " * 70_000), "answered what can't be read: more than 65536 bytes"),
        ((200, {"Content-Length": "50"}, b'{"a'), None),
    ],
)
def test_rubbish_changes_nothing(
    records: Records, caplog: pytest.LogCaptureFixture, answer: Answer, told: str | None
) -> None:
    """It is told once."""

    def once(_: Question) -> Answer:
        return answer[0], {**answer[1], "Connection": "close"}, answer[2]

    with answering(once) as server:
        recorder, central = of(server, SERVER_TIMEOUT="2s")
        with caplog.at_level(logging.WARNING, "spruce.apm"):
            assert central.ask() in (30, 300)
            central.ask()
        assert recorder.settings == central.local
        (record,) = caplog.records
        if told is not None:
            assert record.getMessage() == (
                f"central configuration at {server.url}/config/v1/agents {told}; settings stay as they are"
            )
        recorder.close()


def test_what_is_right_of_an_answer_is_taken(records: Records, caplog: pytest.LogCaptureFixture) -> None:
    """What can't be read, or not be changed now, is told."""
    told = {
        "transaction_sample_rate": "lots",
        "capture_body": "errors",
        "server_url": "http://evil",
        "new_one": 1,
        "transaction_max_spans": None,
    }
    with answering(lambda _: says(told)) as server:
        recorder, central = of(server)
        with caplog.at_level(logging.WARNING, "spruce.apm"):
            central.ask()
        assert recorder.settings.capture_body == "errors"
        assert recorder.settings.server_url == server.url
        assert recorder.settings.transaction_max_spans == 500
        assert [record.getMessage() for record in caplog.records] == [
            "central configuration: transaction_sample_rate is 'lots', and must be a number from 0 to 1",
            "central configuration: server_url can't be changed while the program runs",
            "central configuration: new_one can't be changed while the program runs",
        ]
        recorder.close()


@pytest.mark.parametrize("status", [403, 404, 503])
def test_a_server_without_central_configuration(
    records: Records, caplog: pytest.LogCaptureFixture, status: int
) -> None:
    """Is nothing to worry about."""
    with answering(lambda _: (status, {}, b"{}")) as server:
        recorder, central = of(server)
        with caplog.at_level(logging.INFO, "spruce.apm"):
            assert central.ask() == 300
        assert caplog.records == []
        recorder.close()


def test_a_dead_server(records: Records, caplog: pytest.LogCaptureFixture) -> None:
    """Changes nothing, and is told once."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
    recorder, central = of(url)
    with caplog.at_level(logging.WARNING, "spruce.apm"):
        assert [central.ask(), central.ask()] == [300, 300]
    assert len(caplog.records) == 1
    assert "cannot be reached: ConnectionRefusedError" in caplog.text
    recorder.close()


def test_a_frozen_server_holds_nobody_up(records: Records) -> None:
    """Neither the start, nor a transaction, nor the end: its answer is given up."""
    thawed = threading.Event()

    def never(_: Question) -> Answer:
        thawed.wait(60)
        return says({})

    with answering(never) as server:
        client = Client(server_url=server.url, server_timeout="60s", metrics_interval=0, cloud_provider="none")
        client.begin_transaction("job")
        assert server.came.acquire(timeout=30)
        asking = [thread for thread in threading.enumerate() if thread.name == "spruce-apm-config"]
        transaction = client.end_transaction("resize")
        assert transaction is not None
        for close in reversed(client.closing):
            if getattr(close, "__self__", None).__class__ is Central:
                close()
        for thread in asking:
            thread.join(30)
        assert not any(thread.is_alive() for thread in asking)
        thawed.set()
        client.close()


@pytest.mark.parametrize("settings", [{"CENTRAL_CONFIG": False}, {"DISABLE_SEND": True}, {"ENABLED": False}])
def test_it_may_be_off(records: Records, settings: dict[str, object]) -> None:
    """Then nobody asks."""
    client = Client({"METRICS_INTERVAL": "0s", "SERVER_URL": "http://127.0.0.1:1", **settings})
    client.begin_transaction("job")
    client.end_transaction()
    assert not any(thread.name == "spruce-apm-config" for thread in threading.enumerate())
    client.close()


def test_an_app_that_is_told_to_record(records: Records) -> None:
    """RECORDING=false is no end: central configuration may turn it on, and requests be ignored that were not."""
    on = threading.Event()

    def answer(question: Question) -> Answer:
        if question.method == "POST":
            return 202, {}, b"{}"
        return says({"recording": "true", "transaction_ignore_urls": "/quiet"} if on.is_set() else {}, f'"{on}"')

    with answering(answer) as server:
        app = App(
            __name__,
            ELASTIC_APM={"SERVER_URL": server.url, "RECORDING": False, "METRICS_INTERVAL": 0, "CLOUD_PROVIDER": "none"},
            static_folder=None,
        )
        app.add_url_rule("/", "home", lambda: "hello")
        app.add_url_rule("/quiet", "quiet", lambda: "hello")
        client = app.test_client()
        client.get("/")
        assert records == []
        central = asked(app)
        on.set()
        central().ask()
        client.get("/")
        client.get("/quiet")
        assert [one.name for one in records.transactions] == ["GET /"]


def asked(app: App) -> Callable[[], Central]:
    """What makes something to ask with, for the client of an app."""
    client = app.config.resources["apm"]
    assert isinstance(client, Client)
    return lambda: Central(client)


def test_what_is_told_to_record_nothing_sends_no_metrics(records: Records) -> None:
    """Neither to Elastic, nor by OTLP, until it is told to record again."""
    with collecting() as elastic, collecting() as other:
        client = Client(
            {"SERVER_URL": elastic.url, "OTLP_ENDPOINT": other.url, "METRICS_INTERVAL": "10m", "CENTRAL_CONFIG": False}
        )
        client.begin_transaction("job")
        client.end_transaction("work")
        before = client.settings
        client.change(changed(before, {"recording": "false"})[0])
        client.close()
        assert elastic.of("metricset") == []
        assert {path for path, _, _ in other.requests} == {"/v1/traces"}
