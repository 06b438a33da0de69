"""The recorder: transactions from begin to end, sampling, errors, and sinks."""

from datetime import UTC, datetime
from typing import Any

import pytest
from tests.apm.conftest import Records

from spruce.apm import Client, Failure, TraceParent, begun, get_client, in_flight
from spruce.apm.settings import read_settings
from spruce.apm.spans import current
from spruce.errors import ConfigError
from spruce.green import spawn

PARENT = TraceParent("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331", True, "a=1,es=s:0.5")


def test_a_transaction_from_begin_to_end(client: Client, records: Records) -> None:
    """It is handed to the sinks when it has ended."""
    transaction = client.begin_transaction("job")
    assert transaction is not None
    assert (current.get(), in_flight()) == (transaction, [transaction])
    assert client.end_transaction("resize", "done") is transaction
    assert records == [transaction]
    assert (current.get(), in_flight()) == (None, [])
    assert (transaction.name, transaction.result, transaction.outcome) == ("resize", "done", "unknown")
    assert (transaction.sampled, transaction.sample_rate, transaction.tracestate) == (True, 1.0, "es=s:1")
    assert transaction.duration is not None
    assert transaction.duration >= 0


def test_there_is_one_client(client: Client) -> None:
    """A second one takes the place of the first; `close` leaves none."""
    assert get_client() is client
    second = Client(disable_send=True)
    assert get_client() is second
    client.close()
    assert get_client() is second
    second.close()
    assert get_client() is None
    assert repr(second) == "<Client of 'python_service'>"


def test_a_wrong_setting_is_told_at_once(records: Records) -> None:
    """And no client is there."""
    with pytest.raises(ConfigError, match=r"^Client\(service_nam=…\)"):
        Client(service_nam="x")
    assert get_client() is None


def test_one_inside_of_another(client: Client, records: Records) -> None:
    """The outer one goes on when the inner one has ended."""
    outer = client.begin_transaction("a")
    inner = client.begin_transaction("b")
    assert client.end_transaction("inner") is inner
    assert current.get() is outer
    assert client.end_transaction("outer") is outer
    assert client.end_transaction("nothing") is None


def test_one_that_is_not_made_current(client: Client) -> None:
    """For those who carry it themselves."""
    transaction = client.begin_transaction("a", auto_activate=False)
    assert transaction is not None
    assert current.get() is None
    client.finish(transaction, 0.5)
    assert transaction.duration == 0.5


@pytest.mark.parametrize("setting", ["ENABLED", "RECORDING"])
def test_nothing_is_recorded(make_client: Any, records: Records, setting: str) -> None:
    """If a setting says so."""
    client = make_client(**{setting: False})
    assert client.begin_transaction("a") is None
    assert client.end_transaction() is None
    assert client.capture_message("x") is None
    assert client.capture_exception(ValueError()) is None
    assert records == []


def test_a_trace_goes_on(client: Client) -> None:
    """Whether it is sampled, and at which rate, was decided where it began."""
    for sampled, rate in ((True, 0.5), (False, 0)):
        transaction = client.begin_transaction("request", PARENT._replace(sampled=sampled))
        assert transaction is not None
        assert (transaction.trace_id, transaction.parent_id) == (PARENT.trace_id, PARENT.span_id)
        assert (transaction.sampled, transaction.sample_rate) == (sampled, rate)
        assert transaction.tracestate == PARENT.tracestate
        client.end_transaction()


@pytest.mark.parametrize(
    ("strategy", "state", "restarts"),
    [
        ("continue", "", False),
        ("restart", "es=s:1", True),
        ("restart_external", "es=s:1", False),
        ("restart_external", "other=1", True),
    ],
)
def test_a_trace_may_begin_anew(make_client: Any, strategy: str, state: str, restarts: bool) -> None:
    """With a link to what it came from."""
    client = make_client(TRACE_CONTINUATION_STRATEGY=strategy)
    parent = PARENT._replace(tracestate=state)
    transaction = client.begin_transaction("request", parent)
    client.end_transaction()
    assert (transaction.trace_id != PARENT.trace_id) is restarts
    assert list(transaction.links) == ([parent] if restarts else [])


def test_the_rate_of_sampling(make_client: Any) -> None:
    """None, all, and what is told to others."""
    client = make_client(TRANSACTION_SAMPLE_RATE=0)
    transaction = client.begin_transaction("request")
    assert (transaction.sampled, transaction.sample_rate, transaction.tracestate) == (False, 0.0, "es=s:0")
    client.end_transaction()
    client = make_client(TRANSACTION_SAMPLE_RATE=0.5)
    seen = set()
    for _ in range(200):
        transaction = client.begin_transaction("request")
        seen.add((transaction.sampled, transaction.tracestate))
        client.end_transaction()
    assert seen == {(True, "es=s:0.5"), (False, "es=s:0")}


def test_a_green_thread_is_the_owner(client: Client) -> None:
    """It has a stack, and can be killed; its children belong to the transaction, but don't own it."""
    seen: dict[str, Any] = {}

    def work() -> None:
        seen["transaction"] = transaction = client.begin_transaction("job")
        spawn(lambda: seen.update(child=current.get())).wait()
        seen["current"] = current.get() is transaction
        seen["owner"] = transaction.owner
        client.end_transaction("job")

    thread = spawn(work)
    thread.wait()
    assert seen["owner"] is thread
    assert seen["transaction"].owner is None  # so that who keeps it doesn't keep what the thread has
    assert seen["child"] is seen["transaction"]
    assert seen["current"] is True
    assert current.get() is None


def test_who_wants_to_know_of_beginnings(client: Client) -> None:
    """Until it has had enough."""
    seen: list[object] = []
    leave = begun(seen.append)
    first = client.begin_transaction("a")
    client.end_transaction()
    leave()
    client.begin_transaction("b")
    client.end_transaction()
    assert seen == [first]


def test_an_exception_is_recorded_where_it_was(client: Client, records: Records) -> None:
    """With the span that it was raised in, and once however often it is given."""
    transaction = client.begin_transaction("a")
    try:
        raise ValueError("no")
    except ValueError as error:
        first = client.capture_exception()
        second = client.capture_exception(error)
    assert first == second
    client.end_transaction()
    (failure,) = records.failures
    assert failure.id == first
    assert failure.raised is not None
    assert (failure.raised.type, failure.raised.message, failure.raised.handled) == (
        "ValueError",
        "ValueError: no",
        True,
    )
    assert transaction is not None
    assert (failure.transaction, failure.trace_id, failure.parent_id) == (
        transaction,
        transaction.trace_id,
        transaction.id,
    )
    assert failure.culprit.endswith("test_an_exception_is_recorded_where_it_was")


def test_there_may_be_no_exception(client: Client, records: Records) -> None:
    """Then none is recorded."""
    assert client.capture_exception() is None
    assert records == []


def test_exceptions_of_some_types_are_passed_over(make_client: Any, records: Records) -> None:
    """By name, with or without the module."""
    client = make_client(FILTER_EXCEPTION_TYPES=["KeyError", "spruce.errors.tree.ConfigError"])
    for error in (KeyError("a"), ConfigError("b"), ValueError("c")):
        client.capture_exception(error)
    assert [failure.raised.message for failure in records.failures if failure.raised] == ["ValueError: c"]


def test_what_else_is_said_of_an_error(client: Client, records: Records) -> None:
    """Custom values and labels, in Elastic's places; unknown keywords are kept too."""
    client.capture_exception(
        ValueError("x"), context={"custom": {"a": 1}, "tags": {"t": 2}}, custom={"b": 2}, labels={"l.x": 1}, more=3
    )
    (failure,) = records.failures
    assert (failure.custom, failure.labels) == ({"a": 1, "b": 2, "more": 3}, {"t": 2, "l_x": 1})
    assert failure.transaction is None


def test_a_message_is_recorded(client: Client, records: Records) -> None:
    """With the pattern that it was made of, by which others like it are found."""
    pattern = {"message": "%s of %s", "params": (1, 2)}
    client.capture_message(param_message=pattern, level="warning", logger_name="shop", stack=False)
    client.capture_message("plain")
    first, second = records.failures
    assert (first.message, first.param_message, first.level, first.logger) == ("1 of 2", "%s of %s", "warning", "shop")
    assert first.frames == ()
    assert second.frames[0].function == "test_a_message_is_recorded"
    assert isinstance(second, Failure)


def test_when_it_was_may_be_told(client: Client, records: Records) -> None:
    """By a date; where it comes from is recorded unless AUTO_LOG_STACKS says otherwise."""
    when = datetime(2026, 3, 1, 12, tzinfo=UTC)
    client.capture_message("then", date=when)
    client.capture_exception(ValueError("then"), date=when)
    assert [one.timestamp for one in records.failures] == [when.timestamp()] * 2
    client.change(read_settings({"AUTO_LOG_STACKS": False, "DISABLE_SEND": True}, environ={}))
    client.capture_message("now")
    assert records.failures[-1].frames == ()


def test_what_turns_out_not_to_be_wanted(client: Client, records: Records) -> None:
    """It is forgotten."""
    transaction = client.begin_transaction("a")
    assert transaction is not None
    client.abandon(transaction)
    assert (in_flight(), records) == ([], [])
