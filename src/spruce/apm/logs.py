"""Which trace a line of a log belongs to: in records of the standard library, in structlog, and in JSON by ECS.

ECS is the Elastic Common Schema; `EcsFormatter` writes a line of JSON for each record, as Elastic's ecs-logging does.
"""

import logging
import traceback
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

import msgspec

from spruce.apm.recorder import get_client
from spruce.apm.spans import Span, current

__all__ = [
    "EcsFormatter",
    "Formatter",
    "LoggingFilter",
    "LoggingHandler",
    "setup_logging",
    "structlog_processor",
    "trace_in_records",
]

_encode = msgspec.json.Encoder(enc_hook=repr).encode
_USUAL = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
_OURS = "elasticapm_"
_NOT_HEARD = ("spruce.apm",)
_WITH_IDS = "| elasticapm transaction.id=%s trace.id=%s span.id=%s"


def _ids() -> dict[str, str | None]:
    """The ids of what runs, by Elastic's names; each is None where there is none."""
    here = current.get()
    if here is None or here.transaction.ended:
        return dict.fromkeys(("transaction.id", "trace.id", "span.id"))
    transaction = here.transaction
    return {
        "transaction.id": transaction.id,
        "trace.id": transaction.trace_id,
        "span.id": here.id if isinstance(here, Span) else None,
    }


def _mark(record: logging.LogRecord) -> None:
    ids = _ids()
    client = get_client()
    told = record.__dict__
    told["elasticapm_transaction_id"] = ids["transaction.id"]
    told["elasticapm_trace_id"] = ids["trace.id"]
    told["elasticapm_span_id"] = ids["span.id"]
    told["elasticapm_service_name"] = None if client is None else client.settings.service_name
    told["elasticapm_service_environment"] = None if client is None else client.settings.environment
    told["elasticapm_labels"] = {name: value for name, value in ids.items() if value is not None}


def trace_in_records() -> Callable[[], None]:
    """Let every record of the standard library's logging know the trace; return what ends that.

    Formats may then have `%(elasticapm_trace_id)s`, `%(elasticapm_transaction_id)s` and `%(elasticapm_span_id)s`.
    """
    before = logging.getLogRecordFactory()

    def make(*args: Any, **kwargs: Any) -> logging.LogRecord:
        record = before(*args, **kwargs)
        _mark(record)
        return record

    logging.setLogRecordFactory(make)

    def end() -> None:
        if logging.getLogRecordFactory() is make:
            logging.setLogRecordFactory(before)

    return end


class LoggingFilter(logging.Filter):
    """Lets records know the trace where `instrument` isn't used: for a handler or logger."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Mark the record; it always passes."""
        _mark(record)
        return True


class LoggingHandler(logging.Handler):
    """Records what is logged as errors: exceptions as such, other records as messages. Give it a level: ERROR."""

    def emit(self, record: logging.LogRecord) -> None:
        """Record it, unless it is performance monitoring's own."""
        client = get_client()
        if client is None or record.name.startswith(_NOT_HEARD):
            return
        if record.exc_info and record.exc_info[1] is not None:
            client.capture_exception(record.exc_info[1], handled=True, custom=_more(record))
        else:
            client.capture_message(
                param_message={"message": str(record.msg), "params": record.args or None},
                level=record.levelname.lower(),
                logger_name=record.name,
                custom=_more(record),
                stack=False,
            )


def setup_logging(handler: logging.Handler, exclude: Sequence[str] = _NOT_HEARD) -> bool:
    """Let the root logger have a handler, as `LoggingHandler(level=logging.ERROR)`; whether it had none of its class.

    Loggers of the names in `exclude` don't go on to it.
    """
    root = logging.getLogger()
    if handler.__class__ in map(type, root.handlers):
        return False
    root.addHandler(handler)
    for name in exclude:
        logger = logging.getLogger(name)
        logger.propagate = False
        if not logger.handlers:
            logger.addHandler(logging.StreamHandler())
    return True


class Formatter(logging.Formatter):
    """Writes the ids of the trace behind each line, where there are any."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - the standard library's name
        """The line of a record."""
        line, ids = super().formatMessage(record), _ids()
        if ids["transaction.id"] is None:
            return line
        return f"{line} {_WITH_IDS % (ids['transaction.id'], ids['trace.id'], ids['span.id'])}"


def structlog_processor(logger: Any, method_name: str, event_dict: Any) -> Any:
    """A processor of structlog: adds `trace.id`, `transaction.id` and `span.id` where there are any."""
    for name, value in _ids().items():
        if value is not None:
            event_dict[name] = value
    return event_dict


def _more(record: logging.LogRecord) -> dict[str, Any]:
    """What a program has added to a record by `extra`."""
    return {name: value for name, value in vars(record).items() if name not in _USUAL and not name.startswith(_OURS)}


class EcsFormatter(logging.Formatter):
    """Writes records as JSON by the Elastic Common Schema, a line each; `extra` adds fields to all of them."""

    def __init__(self, extra: dict[str, Any] | None = None) -> None:
        super().__init__()
        self.extra = MappingProxyType(dict(extra or {}))

    def format(self, record: logging.LogRecord) -> str:
        """The line of a record."""
        event: dict[str, Any] = {
            "@timestamp": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")[:-6] + "Z",
            "log.level": record.levelname.lower(),
            "message": record.getMessage(),
            "ecs.version": "1.6.0",
            "log": {
                "logger": record.name,
                "origin": {
                    "file": {"line": record.lineno, "name": record.filename},
                    "function": record.funcName,
                },
            },
            "process": {"pid": record.process, "thread": {"id": record.thread, "name": record.threadName}},
        }
        client = get_client()
        if client is not None:
            event["service.name"] = client.settings.service_name
            if client.settings.environment:
                event["service.environment"] = client.settings.environment
        ids = getattr(record, "elasticapm_labels", None)
        event |= ids if ids is not None else {name: value for name, value in _ids().items() if value is not None}
        if record.exc_info and record.exc_info[1] is not None:
            event["error"] = _error(record.exc_info[1])
        return _encode({**event, **self.extra, **_more(record)}).decode()


def _error(error: BaseException) -> dict[str, str]:
    return {
        "type": type(error).__name__,
        "message": str(error),
        "stack_trace": "".join(traceback.format_exception(error)),
    }
