"""Seeing where queries come from, and which are repeated."""

import logging
import os
from types import SimpleNamespace
from typing import Any

import pytest

from spruce import App, config, db, events, green
from spruce.db.seeing import QueryLog, place

HERE = os.path.relpath(__file__)


def line_of(text: str) -> int:
    """The line of this file that ends with a comment."""
    with open(__file__, encoding="utf-8") as lines:
        return next(number for number, line in enumerate(lines, 1) if line.rstrip().endswith(f"# {text}"))


def test_a_query_has_the_line_that_it_comes_from(stocked: SimpleNamespace) -> None:
    """Whatever of Spruce is in between."""
    with db.watch_queries() as log:
        found = stocked.Product.objects.filter(stock=5)
        list(found.select_related("category"))  # the line of the rows
        db.execute("SELECT 1")  # the line of the statement
    rows, statement = log.queries
    assert (rows.file, rows.line, rows.rows, rows.database) == (__file__, line_of("the line of the rows"), 1, "default")
    assert (statement.sql, statement.line) == ("SELECT 1", line_of("the line of the statement"))
    assert str(statement) == f"SELECT 1 ({HERE}:{statement.line})"
    assert (len(log), [query.relation for query in log]) == (2, ["", ""])
    assert stocked.Maker.objects.count() == 2
    assert len(log) == 2


def test_green_threads_of_the_block_are_seen(stocked: SimpleNamespace) -> None:
    """Those of others are not."""
    gone, go = green.Event(), green.Event()

    def other() -> None:
        go.wait()
        stocked.Maker.objects.count()
        gone.send()

    stranger = green.spawn(other)
    with db.watch_queries() as outer, db.watch_queries() as inner:
        green.spawn(stocked.Maker.objects.exists).wait()
        go.send()
        gone.wait()
    stranger.wait()
    assert (len(outer), len(inner)) == (1, 1)


@pytest.mark.parametrize(
    ("loop", "advice"),
    [
        (lambda shop: [list(each.products.all()) for each in shop.Category.objects.all()],
         'load Category.products for one object each. Add .prefetch_related("products") to the query that the objects '
         "come from."),
        (lambda shop: [shop.Product.objects.get(pk=key).category for key in (1, 2)],
         'load Product.category for one object each. Add .select_related("category") to the query that the '
         "objects come from."),
        (lambda shop: [each.category for each in shop.Product.objects.filter(pk__lt=3).fetch_mode(
            db.FetchMode.FETCH_ONE)],
         'load Product.category for one object each. Add .select_related("category") to the query that the '
         "objects come from."),
    ],
)  # fmt: skip
def test_relations_that_are_loaded_one_by_one(stocked: SimpleNamespace, loop: Any, advice: str) -> None:
    """Are told with the step that loads them for all."""
    stocked.Product.objects.filter(pk=2).update(category=stocked.toys)
    with pytest.raises(AssertionError) as found, db.assert_no_n_plus_one(least=2):
        loop(stocked)
    assert str(found.value).startswith(f"queries are repeated:\n  2 queries at {HERE}:")
    assert str(found.value).endswith(advice)


def test_what_is_loaded_for_all_is_no_problem(stocked: SimpleNamespace) -> None:
    """By prefetching, or by touching it on one object of a result."""
    with db.assert_no_n_plus_one(least=2) as log:
        for each in stocked.Category.objects.prefetch_related("products"):
            list(each.products.all())
        assert [each.category and each.category.pk for each in stocked.Product.objects.all()] == [2, 2, 1, None]
    assert len(log) == 4


@pytest.mark.sqlite
def test_other_queries_in_loops(stocked: SimpleNamespace) -> None:
    """Those that differ in values, and those that are the same."""
    with db.watch_queries() as log:
        for number in range(3):
            stocked.Maker.objects.filter(pk=number).exists()
        for _ in range(4):
            stocked.Maker.objects.count()
            stocked.Maker.objects.filter(name="x").update(name="y")
    different, same = log.repeated()
    assert str(different) == (
        f"3 queries at {different.first.where} differ in their values only: SELECT 1 FROM t_maker WHERE t_maker.id = ? "
        "LIMIT 1 OFFSET 0. Ask for all at once, with …__in=[…] or in_bulk()."
    )
    assert str(same) == (
        f"4 queries at {same.first.where} are the same: SELECT count(*) AS count_1 FROM t_maker. "
        "Keep what the first one finds."
    )
    assert log.repeated(least=5) == QueryLog().repeated() == []


def test_requests_in_debug_mode_warn(stocked: SimpleNamespace, caplog: pytest.LogCaptureFixture) -> None:
    """Of what they repeat; the hooks are left when the databases are closed."""
    app = App(__name__, DEBUG=True, TESTING=True, DATABASES=config.current()["DATABASES"])

    @app.get("/products")
    def products() -> list[int]:
        return [stocked.Product.objects.get(pk=key).category.pk for key in (1, 2, 3)]

    @app.get("/makers")
    def makers() -> list[int]:
        return [stocked.Maker.objects.filter(pk=key).count() for key in (1, 2, 3)]

    with app.app_context():
        if config.current()["DATABASES"]["default"] == "sqlite://":  # each app has one of its own in memory
            db.create_all(models=[stocked.Maker, stocked.Category, stocked.Product])
            toys = stocked.Category.objects.create(name="toys")
            for _ in range(3):
                stocked.Product.objects.create(name="x", price=1, category=toys)
        stocked.Maker.objects.count()  # from the first query on
        with caplog.at_level(logging.WARNING, "spruce.db"):
            assert len(app.test_client().get("/products").json) == 3
            assert len(app.test_client().get("/makers").json) == 3
        db.configure(DATABASES={})
    assert [record.getMessage() for record in caplog.records] == [
        f"GET /products: 3 queries at {HERE}:{products.__code__.co_firstlineno + 2} load Product.category for one "
        'object each. Add .select_related("category") to the query that the objects come from.'
    ]
    assert [each for each in events.db_query.subscribers if each.__module__ == "spruce.db.seeing"] == []


def test_a_place_is_outside_of_the_package() -> None:
    """The line that asks."""
    assert place() == (__file__, place()[1])
