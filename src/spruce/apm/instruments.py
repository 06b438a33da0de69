"""`instrument`: from now on requests, queries, pages and calls to other services are recorded by themselves."""

import logging
from collections.abc import Callable
from functools import partial
from importlib import import_module

from spruce import events
from spruce.apm.conversations import Conversations
from spruce.apm.hosted import Hosted
from spruce.apm.hostedqueries import HostedQueries
from spruce.apm.jobs import Jobs
from spruce.apm.libraries import Libraries
from spruce.apm.logs import EcsFormatter, trace_in_records
from spruce.apm.outgoing import Outgoing
from spruce.apm.parts import Parts
from spruce.apm.queries import LEAST, Queries, repeated
from spruce.apm.recorder import Recorder, begun_first, get_client
from spruce.apm.rediscommands import RedisCommands
from spruce.apm.spans import Transaction
from spruce.apm.split import Split
from spruce.apm.webrequests import WebRequests
from spruce.errors import ConfigError, ContextError

__all__ = ["instrument", "uninstrument"]


class _Process:
    """What ends the instrumentation of this process, in the order of its beginning."""

    leaving: tuple[Callable[[], object], ...] = ()
    of: Recorder | None = None


def instrument(client: Recorder | None = None) -> None:
    """Record by itself what Spruce and the libraries do, for the client of the process; a second time changes nothing.

    Raises ContextError when there is no client.
    """
    client = client or get_client()
    if client is None:
        raise ContextError("there is no client to record for", hint="Make one first: apm.Client(service_name='shop').")
    if _Process.of is client:
        return
    uninstrument()
    _Process.of = client
    if not client.settings.may_record:
        return
    _Process.leaving = tuple(_begin(client))
    client.closing.append(uninstrument)


def uninstrument() -> None:
    """End what `instrument` began."""
    leaving, _Process.leaving = _Process.leaving, ()
    _Process.of = None
    for leave in reversed(leaving):
        leave()


def _begin(client: Recorder) -> list[Callable[[], object]]:
    web, queries, parts, split = WebRequests(client), Queries(), Parts(), Split()
    jobs, talks, libraries = Jobs(client), Conversations(client, web), Libraries()
    web.otherwise = talks.ended
    Outgoing(client.settings).add_to(libraries)
    RedisCommands().add_to(libraries)
    Hosted().add_to(libraries)
    HostedQueries().add_to(libraries)
    bridged = _bridged(client)  # which may raise, so before anything has begun
    libraries.begin()
    client.finishing += [_find_repeated, split.finishing]
    return [
        split.end,
        libraries.end,
        *([] if client.settings.disable_log_record_factory else [trace_in_records()]),
        *_reformatted(client),
        *bridged,
        begun_first(split.begun),
        events.request_started.subscribe_plain(web.started),
        events.request_finished.subscribe_plain(web.finished),
        events.request_aborted.subscribe(web.aborted),
        events.request_failed.subscribe(web.failed),
        events.websocket_accepted.subscribe(talks.accepted),
        events.websocket_received.subscribe(talks.received),
        events.websocket_waiting.subscribe(talks.waiting),
        events.db_query.subscribe_plain(queries.ran),
        events.cache_used.subscribe(parts.cached),
        events.cache_waited.subscribe(parts.waited),
        events.template_rendered.subscribe_plain(parts.rendered),
        events.task_enqueued.subscribe(jobs.enqueued),
        events.task_started.subscribe(jobs.started),
        events.task_finished.subscribe(jobs.finished),
    ]


def _find_repeated(transaction: Transaction) -> None:
    queries = transaction.queries
    if queries is not None and len(queries) >= LEAST:
        transaction.repeats = repeated(transaction)


def _bridged(client: Recorder) -> list[Callable[[], object]]:
    """What ends that OpenTelemetry's API records here, if OPENTELEMETRY_BRIDGE says so."""
    if not client.settings.opentelemetry_bridge:
        return []
    try:
        bridge = import_module("spruce.apm.bridge")  # its package is an extra
    except ImportError as error:
        raise ConfigError(
            f"OPENTELEMETRY_BRIDGE needs a package that is not installed: {error.name}",
            hint="Install it with: pip install 'spruce[opentelemetry]'.",
        ) from error
    return [bridge.bridge()]


def _reformatted(client: Recorder) -> list[Callable[[], object]]:
    """What ends that the handlers of the root logger write ECS, if LOG_ECS_REFORMATTING says so."""
    if client.settings.log_ecs_reformatting == "off":
        return []
    handlers = list(logging.getLogger().handlers)
    before = [handler.formatter for handler in handlers]
    for handler in handlers:
        handler.setFormatter(EcsFormatter())
    return [partial(handler.setFormatter, old) for handler, old in zip(handlers, before, strict=True)]
