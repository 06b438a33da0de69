"""What the viewer keeps of a record."""

import json
from collections.abc import Callable

import pytest
from tests.apm.conftest import Records

from spruce.apm import Client, capture_span, set_user_context
from spruce.apm.recorder import Recorder
from spruce.apm.spans import Transaction, begin_span
from spruce.apm.stored import error_row, request_row
from spruce.apm.what import What


def recorded(client: Recorder, run: Callable[[Transaction], object]) -> Transaction:
    transaction = client.begin_transaction("request")
    assert transaction is not None
    run(transaction)
    ended = client.end_transaction("GET /x", "HTTP 2xx")
    assert ended is not None
    return ended


def query(transaction: Transaction, sql: str, parameters: object) -> None:
    told = {"sql": sql, "parameters": parameters, "rows": 2, "file": "views.py", "line": 7}
    begin_span(transaction, What("SELECT FROM x", "db", "sqlite"), None, told).end()


def test_a_query_has_its_sql_parameters_rows_and_line(client: Client) -> None:
    row = request_row(recorded(client, lambda one: query(one, "SELECT * FROM x WHERE a = ?", (1, "b"))))
    (span,) = row[-1]["spans"]
    assert {name: span[name] for name in ("sql", "parameters", "rows", "file", "line")} == {
        "sql": "SELECT * FROM x WHERE a = ?",
        "parameters": ["1", "'b'"],
        "rows": 2,
        "file": "views.py",
        "line": 7,
    }
    json.dumps(row[-1])


@pytest.mark.parametrize("column", ["password", "api_key", "session_data", "secret", "Token"])
def test_parameters_of_queries_on_secrets_are_hidden(client: Client, column: str) -> None:
    row = request_row(recorded(client, lambda one: query(one, f"UPDATE x SET {column} = ?", ("hunter2",))))
    assert row[-1]["spans"][0]["parameters"] == ["[hidden]"]
    assert "hunter2" not in json.dumps(row[-1])


def test_long_and_many_parameters_are_cut(client: Client) -> None:
    row = request_row(recorded(client, lambda one: query(one, "SELECT", ["x" * 1000, *range(100)])))
    span = row[-1]["spans"][0]
    assert (len(span["parameters"]), len(span["parameters"][0]), span["cut"]) == (50, 300, True)
    whole = request_row(recorded(client, lambda one: query(one, "SELECT", [1, 2])))
    assert whole[-1]["spans"][0]["cut"] is False


def test_spans_know_their_parents_and_who_asked_is_there(client: Client) -> None:
    def run(transaction: Transaction) -> None:
        set_user_context(username="ann", email="ann@shop.example", user_id=5)
        with capture_span("outer", "app"), capture_span("inner", "app"):
            pass

    row = request_row(recorded(client, run))
    outer, inner = row[-1]["spans"]
    assert (outer["name"], inner["name"], inner["parent"], outer["parent"]) == ("outer", "inner", outer["id"], row[0])
    assert row[8] == "ann"


def test_an_error_has_frames_causes_and_a_family(client: Client, records: Records) -> None:
    def fail(text: str) -> None:
        try:
            raise KeyError(text)
        except KeyError as error:
            raise ValueError("outer " + text) from error

    for text in ("one", "two"):
        with pytest.raises(ValueError, match=text) as caught:
            fail(text)
        client.capture_exception(caught.value)
    first, second = map(error_row, records.failures)
    assert (first[2], first[3], second[3]) == ("ValueError", "outer one", "outer two")
    assert first[5] == second[5]
    raised = first[-1]["raised"]
    assert (raised["type"], raised["message"], raised["causes"][0]["message"]) == ("ValueError", "outer one", "'one'")
    assert raised["frames"][0]["function"].endswith("fail")


def test_a_message_is_no_exception(client: Client, records: Records) -> None:
    client.capture_message("disk is nearly full", level="warning")
    row = error_row(records.failures[0])
    assert (row[2], row[3], row[-1]["raised"]) == ("warning", "disk is nearly full", None)
