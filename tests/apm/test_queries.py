"""Queries as spans, and what is asked too often."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.apm.conftest import Records

from spruce import App, apm, db
from spruce.apm import Client
from spruce.apm.queries import place_of
from spruce.db.databases import current as databases
from spruce.events import db_query


class ApmShelf(db.Model):
    name = db.CharField(max_length=20)


class ApmBook(db.Model):
    title = db.CharField(max_length=20)
    shelf = db.ForeignKey(ApmShelf, on_delete=db.CASCADE, related_name="books")


@pytest.fixture
def app(records: Records, tmp_path: Path) -> Iterator[App]:
    """Return an app with some books, which is recorded."""
    made = App(
        __name__,
        DATABASES={"default": f"sqlite:///{tmp_path}/books.db"},
        ELASTIC_APM={"DISABLE_SEND": True, "METRICS_INTERVAL": "0s"},
        static_folder=None,
    )

    @made.get("/books")
    def books() -> list[str]:
        return [ApmBook.objects.get(title=f"b{number}").title for number in range(5)]

    @made.get("/one")
    def one() -> str:
        return str(ApmBook.objects.get(title="b1").id)

    with made.app_context():
        db.create_all(models=[ApmShelf, ApmBook])
        for number in range(5):
            shelf = ApmShelf.objects.create(name=f"s{number}")
            ApmBook.objects.create(title=f"b{number}", shelf=shelf)
        yield made
        databases().close()


def test_a_query_is_a_span(app: App, records: Records) -> None:
    """Named by its signature, with the statement and the place that it comes from."""
    app.test_client().get("/one")
    (span,) = records.last.spans
    assert (span.name, span.type, span.subtype, span.action) == ("SELECT FROM apm_book", "db", "sqlite", "query")
    assert (span.leaf, span.exit, span.resource, span.outcome) == (True, True, "sqlite/default", "success")
    assert span.context is not None
    assert span.context["db"]["statement"].startswith("SELECT ")
    assert span.context["db"]["instance"] == "default"
    assert span.context["service"] == {"target": {"type": "sqlite", "name": "default"}}
    assert (span.detail["parameters"], span.detail["rows"]) == (("b1",), 1)
    assert span.detail["file"] == __file__
    assert records.last.repeats == ()


def test_what_one_query_would_have_done_is_found(app: App, records: Records) -> None:
    """With the line, and the step that is missing."""
    app.test_client().get("/books")
    (found,) = records.last.repeats
    assert str(found).endswith("Ask for all at once, with …__in=[…] or in_bulk().")
    assert (found.times, found.first.file, found.same) == (5, __file__, False)


def test_like_queries_are_put_together(app: App, records: Records) -> None:
    """One span tells how many; none of them is lost for what is repeated."""
    app.test_client().get("/books")
    composites = [span.composite[0] for span in records.last.spans if span.composite]
    assert composites == [5]


def test_outside_of_a_transaction_nothing_is_noted(app: App, records: Records) -> None:
    """Nor in one that isn't sampled."""
    app.prepare()
    ApmBook.objects.count()
    client = apm.get_client()
    assert client is not None
    transaction = client.begin_transaction("job", apm.TraceParent("a" * 32, "b" * 16, False))
    ApmBook.objects.count()
    client.end_transaction()
    assert transaction is not None
    assert (transaction.spans, transaction.queries) == ([], None)


def test_what_is_no_database_of_the_app(client: Client, records: Records) -> None:
    """Whoever tells of queries is believed."""
    apm.instrument()
    client.begin_transaction("job")
    db_query.emit(sql="SELECT 1", parameters=(), seconds=0.1, rows=1, database="elsewhere")
    client.end_transaction()
    assert place_of("elsewhere") == ("unknown", "unknown/elsewhere")
    assert (records.last.spans[0].subtype, records.last.spans[0].duration) == ("unknown", 0.1)
