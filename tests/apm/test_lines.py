"""Lines: they are the events that the schemas describe."""

import json
from typing import Any

import pytest
from tests.apm.test_events import VALIDATORS, full_transaction

from spruce import App, apm
from spruce.apm import Client, Transaction
from spruce.apm.events import SPAN, TRANSACTION, Events
from spruce.apm.ids import ENDS
from spruce.apm.leaves import note
from spruce.apm.lines import Lines
from spruce.apm.settings import read_settings
from spruce.apm.spans import begin_span
from spruce.apm.what import What

QUERY = What('a "name"', "db", "sqlite", "query", True, True, "x", {"db": {"statement": "é\n"}})
PAGE = What("a.html", "template")


def check(transaction: Transaction | None) -> list[dict[str, Any]]:
    """The lines of a transaction, each checked against its schema and the event that `Events` makes."""
    assert transaction is not None
    made = Events(read_settings(environ={}))
    text = Lines(made).write(transaction)
    assert text.endswith("\n")
    lines = [json.loads(line) for line in text.splitlines()]
    for line, (kind, event) in zip(lines, made.events(transaction), strict=True):
        VALIDATORS[kind].validate(line[kind])
        assert rounded(line) == rounded({kind: json.loads(json.dumps(event))})
    return [next(iter(line.values())) for line in lines]


def rounded(value: Any) -> Any:
    """The same with times that may differ by a microsecond."""
    if isinstance(value, dict):
        return {name: rounded(one) for name, one in value.items() if name != "timestamp"}
    return pytest.approx(value, abs=1e-3) if isinstance(value, float) else value


def test_a_request(quiet: list[Any]) -> None:
    """Of an app, whose spans nobody looks at."""
    app = App(__name__, ELASTIC_APM={"DISABLE_SEND": True, "METRICS_INTERVAL": "0s"}, static_folder=None)

    @app.get("/page/<int:number>")
    def page(number: int) -> str:
        note(QUERY, 0.001)
        note(PAGE, 0.25)
        return "x"

    for path in ("/page/1", "/page/2?q=%22"):
        app.test_client().get(path)
    first, second = quiet
    told, query, shown = check(first)
    assert (told["name"], told["context"]["response"]) == ("GET /page/<int:number>", {"status_code": 200})
    assert told["context"]["request"]["url"]["full"] == "http://localhost/page/1"
    assert (query["name"], query["context"], query["parent_id"]) == (
        'a "name"',
        {"db": {"statement": "é\n"}},
        told["id"],
    )
    assert shown["duration"] == pytest.approx(250, abs=1e-5)
    assert check(second)[0]["context"]["request"]["url"]["search"] == "?q=%22"


def test_all_that_a_transaction_can_have(client: Client) -> None:
    """Links, labels, users, what was dropped, a split of several kinds."""
    told, work, query = check(full_transaction(client))
    assert told["parent_id"] == "b" * 16
    assert [work["context"]["tags"], query["composite"]["count"]] == [{"l": 2}, 2]


def test_spans_of_all_kinds(client: Client) -> None:
    """Leaves below spans, several in one, spans with and without what few have."""
    transaction = client.begin_transaction("job")
    assert transaction is not None
    with apm.capture_span("work"):
        note(QUERY, 0.001)
        note(QUERY, 0.001)
        note(PAGE, 0.5)
    span = begin_span(transaction, QUERY)
    span.outcome = "failure"
    span.end(0.25)
    span = begin_span(transaction, PAGE)
    span.label(a=1)
    span.end()
    client.end_transaction()
    _, queries, page, work, failed, labelled = check(transaction)
    assert (queries["composite"]["count"], queries["parent_id"], page["parent_id"]) == (2, work["id"], work["id"])
    assert (failed["outcome"], labelled["context"]) == ("failure", {"tags": {"a": 1}})
    assert transaction.spans[0].id == queries["id"]


def test_more_spans_than_digits_are_known(make_client: Any) -> None:
    """Whoever wants thousands gets them, each with an id of its own."""
    client = make_client(TRANSACTION_MAX_SPANS=5000)
    transaction = client.begin_transaction("job")
    for _ in range(len(ENDS) + 3):
        note(PAGE, 0.001)
    client.end_transaction()
    assert len({line["id"] for line in check(transaction)}) == len(ENDS) + 4


def test_what_is_kept_is_bounded(client: Client) -> None:
    """Names that are made of data don't fill the memory."""
    lines = Lines(Events(read_settings(environ={})))
    for number in range(4100):
        transaction = client.begin_transaction("job")
        client.end_transaction(f"job {number}")
        assert transaction is not None
        lines.write(transaction)
    assert 0 < len(lines._kinds) <= 4000


def test_names_of_kinds(client: Client) -> None:
    """An event is called what it is."""
    transaction = client.begin_transaction("job")
    note(PAGE, 0.1)
    client.end_transaction()
    assert transaction is not None
    lines = Lines(Events(read_settings(environ={}))).write(transaction).splitlines()
    assert [next(iter(json.loads(line))) for line in lines] == [TRANSACTION, SPAN]


def test_long_addresses_of_visitors_are_not_kept(quiet: list[Any]) -> None:
    """Thousands of them would fill the memory."""
    app = App(__name__, ELASTIC_APM={"DISABLE_SEND": True, "METRICS_INTERVAL": "0s"}, static_folder=None)
    app.add_url_rule("/", view_func=lambda: "x")
    for path in ("/", f"/?q={'x' * 1000}"):
        app.test_client().get(path)
    lines = Lines(Events(read_settings(environ={})))
    for transaction in quiet:
        lines.write(transaction)
    assert (len(quiet), len(lines._requests)) == (2, 1)
