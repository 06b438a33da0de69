"""Sinks: who is given what has ended, at once or some at a time."""

import logging
import os
from collections.abc import Sequence
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest
from tests.apm.conftest import Records

from spruce import App, db
from spruce.apm import Client, Record, get_client, subscribe
from spruce.apm.sinks import are_seen, hand_over, holds_details, subscribe_late
from spruce.apm.spans import current
from spruce.db.databases import current as databases


def end_some(client: Client, count: int) -> None:
    """Let transactions end."""
    for number in range(count):
        client.begin_transaction("job")
        client.end_transaction(f"job {number}")


def test_a_sink_that_raises_is_logged(client: Client, records: Records, caplog: pytest.LogCaptureFixture) -> None:
    """The others get all the same, at once and late."""

    def broken(_: Any) -> None:
        raise RuntimeError("no")

    second: list[object] = []
    third: list[object] = []
    leaving = [subscribe(broken), subscribe(second.append), subscribe_late(broken), subscribe_late(third.extend)]
    with caplog.at_level(logging.ERROR, "spruce.apm"):
        end_some(client, 1)
        hand_over()
    for leave in leaving:
        leave()
    assert list(records) == second == third
    assert [record.getMessage() for record in caplog.records] == [
        f"a sink of apm.subscribe raised: {broken!r}",
        f"a sink of performance monitoring raised: {broken!r}",
    ]


def test_late_sinks_get_some_at_a_time(client: Client) -> None:
    """Each once, in their order, and the rest when they leave."""
    got: list[Sequence[Record]] = []
    leave = subscribe_late(got.append)
    end_some(client, 70)
    assert [len(records) for records in got] == [32, 32]
    leave()
    end_some(client, 40)
    names = [record.name for records in got for record in records if not isinstance(record, Exception)]  # type: ignore[union-attr]  # transactions
    assert names == [f"job {number}" for number in range(70)]


def test_an_error_waits_for_nothing(client: Client) -> None:
    """A program may end after it."""
    got: list[Sequence[Record]] = []
    leave = subscribe_late(got.append)
    end_some(client, 1)
    client.capture_message("stop")
    assert [type(record).__name__ for records in got for record in records] == ["_EndedTransaction", "Failure"]
    leave()


def test_a_forked_child_has_nothing_of_its_parent(client: Client) -> None:
    """Else it would be sent twice."""
    got: list[Record] = []
    leave = subscribe_late(got.extend)
    end_some(client, 3)
    reading, writing = os.pipe()

    def child() -> None:
        hand_over()
        os.write(writing, b"%d" % len(got))

    process = get_context("fork").Process(target=child)
    process.start()
    process.join()
    assert os.read(reading, 10) == b"0"
    os.close(reading)
    os.close(writing)
    leave()
    assert len(got) == 3


def test_details_of_queries_are_not_kept_for_exporters(tmp_path: Path) -> None:
    """Their parameters may be large, and nobody looks at them."""
    got: list[Any] = []
    leave = subscribe_late(got.extend)
    app = App(
        __name__,
        DATABASES={"default": f"sqlite:///{tmp_path}/books.db"},
        ELASTIC_APM={"DISABLE_SEND": True, "METRICS_INTERVAL": "0s"},
        static_folder=None,
    )
    app.add_url_rule("/", view_func=lambda: str(list(db.execute("SELECT :n AS n", {"n": 7}))))
    assert app.test_client().get("/").status_code == 200
    leave()
    client = get_client()
    assert client is not None
    client.close()
    current.set(None)
    with app.app_context():
        databases().close()
    (transaction,) = got
    assert (transaction.queries, [span.detail for span in transaction.spans]) == (None, [None])


def test_who_looks_is_known() -> None:
    """What is dear is found out for those alone."""
    assert (are_seen(), holds_details()) == (False, False)
    leave_late = subscribe_late(lambda records: None)
    assert (are_seen(), holds_details()) == (False, False)
    leave = subscribe(lambda record: None, sees_all=False)
    assert (are_seen(), holds_details()) == (False, True)
    leave_all = subscribe(lambda record: None)
    assert (are_seen(), holds_details()) == (True, True)
    leave_all()
    leave()
    leave_late()
