"""Which trace a line of a log belongs to."""

import io
import json
import logging
from collections.abc import Callable, Iterator

import pytest
import structlog
from tests.apm.conftest import Records

from spruce import apm
from spruce.apm import Client, EcsFormatter, LoggingFilter, LoggingHandler


@pytest.fixture
def log() -> Iterator[tuple[logging.Logger, logging.Handler, io.StringIO]]:
    """Return a logger with a handler of its own, and what that writes."""
    logger, stream = logging.getLogger("apm_shop"), io.StringIO()
    handler = logging.StreamHandler(stream)
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    logger.propagate = False
    yield logger, handler, stream
    for one in list(logger.handlers):
        logger.removeHandler(one)
    logger.propagate = True


Log = tuple[logging.Logger, logging.Handler, io.StringIO]
FORMAT = "%(elasticapm_trace_id)s %(elasticapm_transaction_id)s %(elasticapm_span_id)s %(message)s"


def test_records_may_stay_as_they_are(make_client: Callable[..., Client]) -> None:
    """With DISABLE_LOG_RECORD_FACTORY."""
    before = logging.getLogRecordFactory()
    client = make_client(DISABLE_LOG_RECORD_FACTORY=True)
    apm.instrument()
    assert logging.getLogRecordFactory() is before
    client.close()


def test_ids_behind_each_line(client: Client, log: Log) -> None:
    """Where there are any."""
    logger, handler, stream = log
    handler.setFormatter(apm.Formatter("%(levelname)s %(message)s"))
    logger.info("before")
    transaction = client.begin_transaction("job")
    assert transaction is not None
    logger.info("inside")
    client.end_transaction()
    assert stream.getvalue().splitlines() == [
        "INFO before",
        f"INFO inside | elasticapm transaction.id={transaction.id} trace.id={transaction.trace_id} span.id=None",
    ]


def test_the_root_logger_has_it(client: Client, records: Records) -> None:
    """Once; our own log, and others that are excluded, don't go on to it."""
    root = logging.getLogger()
    before = list(root.handlers)
    handler = LoggingHandler(level=logging.ERROR)
    try:
        assert apm.setup_logging(handler, exclude=["apm_quiet"])
        assert not apm.setup_logging(LoggingHandler())
        logging.getLogger("apm_loud").error("heard %d", 1)
        logging.getLogger("apm_quiet").error("not heard")
        assert [one.message for one in records.failures] == ["heard 1"]
    finally:
        root.handlers[:] = before
        quiet = logging.getLogger("apm_quiet")
        quiet.propagate = True
        quiet.handlers.clear()


def test_each_record_knows_its_trace(client: Client, log: Log) -> None:
    """From `instrument` on, by Elastic's names; outside of a transaction there is none."""
    logger, handler, stream = log
    apm.instrument()
    handler.setFormatter(logging.Formatter(FORMAT))
    logger.info("before")
    transaction = client.begin_transaction("job")
    assert transaction is not None
    with apm.capture_span("x") as span:
        logger.info("inside")
    client.end_transaction()
    assert span is not None
    assert stream.getvalue().splitlines() == [
        "None None None before",
        f"{transaction.trace_id} {transaction.id} {span.id} inside",
    ]
    factory = logging.getLogRecordFactory()
    apm.uninstrument()
    assert logging.getLogRecordFactory() is not factory


def test_a_filter_for_one_handler(client: Client, log: Log) -> None:
    """Where nothing is instrumented."""
    logger, handler, stream = log
    handler.addFilter(LoggingFilter())
    handler.setFormatter(logging.Formatter("%(elasticapm_trace_id)s %(elasticapm_service_name)s"))
    transaction = client.begin_transaction("job")
    logger.info("inside")
    client.end_transaction()
    assert transaction is not None
    assert stream.getvalue() == f"{transaction.trace_id} python_service\n"


def test_structlog(client: Client) -> None:
    """A processor adds the ids."""
    with structlog.testing.capture_logs(processors=[apm.structlog_processor]) as lines:
        structlog.get_logger().info("before")
        transaction = client.begin_transaction("job")
        structlog.get_logger().info("inside")
        client.end_transaction()
    assert transaction is not None
    assert lines == [
        {"event": "before", "log_level": "info"},
        {
            "event": "inside",
            "log_level": "info",
            "transaction.id": transaction.id,
            "trace.id": transaction.trace_id,
        },
    ]


def test_json_by_ecs(client: Client, log: Log) -> None:
    """A line for each record, with the trace, the error and what the program adds."""
    logger, handler, stream = log
    handler.setFormatter(EcsFormatter(extra={"event.dataset": "shop"}))
    transaction = client.begin_transaction("job")
    try:
        raise ValueError("no")
    except ValueError:
        logger.exception("paid %s", 5, extra={"order": 7})
    client.end_transaction()
    assert transaction is not None
    (line,) = stream.getvalue().splitlines()
    event = json.loads(line)
    assert (event["message"], event["log.level"], event["order"], event["event.dataset"]) == (
        "paid 5",
        "error",
        7,
        "shop",
    )
    assert (event["trace.id"], event["transaction.id"]) == (transaction.trace_id, transaction.id)
    assert event["service.name"] == "python_service"
    assert (event["error"]["type"], event["error"]["message"]) == ("ValueError", "no")
    assert event["error"]["stack_trace"].startswith("Traceback (most recent call last):\n")
    assert event["log"]["logger"] == "apm_shop"
    assert event["@timestamp"].endswith("Z")
    assert len(event["@timestamp"]) == len("2026-01-01T00:00:00.000Z")


def test_the_root_loggers_handlers_may_be_changed(make_client: object, records: Records) -> None:
    """LOG_ECS_REFORMATTING=override, until the end."""
    handler = logging.StreamHandler(io.StringIO())
    root = logging.getLogger()
    root.addHandler(handler)
    try:
        apm.instrument(Client(disable_send=True, log_ecs_reformatting="override"))
        assert isinstance(handler.formatter, EcsFormatter)
        apm.uninstrument()
        assert handler.formatter is None
    finally:
        root.removeHandler(handler)


def test_what_is_logged_may_be_recorded(client: Client, records: Records, log: Log) -> None:
    """Exceptions as such, other records as messages; not what is its own."""
    logger, _, _ = log
    handler = LoggingHandler(level=logging.ERROR)
    logger.addHandler(handler)
    logger.warning("not this")
    logger.error("paid %s", 5, extra={"order": 7})
    try:
        raise ValueError("no")
    except ValueError:
        logger.exception("failed")
    handler.handle(logging.makeLogRecord({"name": "spruce.apm", "levelno": logging.ERROR}))
    message, raised = records.failures
    assert (message.message, message.param_message, message.level, message.logger) == (
        "paid 5",
        "paid %s",
        "error",
        "apm_shop",
    )
    assert message.custom == {"order": 7}
    assert raised.raised is not None
    assert raised.raised.message == "ValueError: no"
    client.close()
    logger.error("nobody records")
    assert len(records) == 2
