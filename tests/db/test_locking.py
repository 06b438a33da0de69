"""SELECT … FOR UPDATE: whose rows are locked."""

from types import SimpleNamespace

import pytest

from spruce import db
from spruce.errors import FieldError


def test_rows_are_locked_where_the_database_can(stocked: SimpleNamespace, queries: list[str], backend: str) -> None:
    """The model's own, and those of relations that cannot be null; or those that are named."""
    with db.atomic():
        categories = stocked.Category.objects.select_related("maker")
        assert categories.select_for_update().get(name="bears").maker.name == "Nobody"
        assert categories.select_for_update(of=("self",), skip_locked=True).count() == 2
        list(stocked.Product.objects.filter(category__isnull=False).select_for_update(of=["self"], nowait=True))
    locks = [sql.partition("FOR UPDATE")[2] for sql in queries if "FOR UPDATE" in sql]
    told = [" OF t_category", " OF t_product NOWAIT"]
    expected = {"postgresql": told, "psycopg": told, "mariadb": ["", " NOWAIT"]}
    assert locks == expected.get(backend, [])


def test_what_cannot_be_locked(stocked: SimpleNamespace) -> None:
    """Is refused when the query is built, or when its SQL is."""
    with pytest.raises(FieldError) as both:
        stocked.Maker.objects.select_for_update(nowait=True, skip_locked=True)
    assert str(both.value) == "select_for_update() takes nowait or skip_locked, not both"


def test_relations_that_are_not_loaded_cannot_be_locked(stocked: SimpleNamespace, backend: str) -> None:
    """SQLite has no locks of rows, so it has no word to say."""
    query = stocked.Category.objects.select_for_update(of=["maker"])
    if backend == "sqlite":
        assert len(query) == 2
        return
    with db.atomic(), pytest.raises(FieldError) as refused:
        list(query)
    assert str(refused.value) == (
        "select_for_update(of=['maker']) names what the same query does not load. Add select_related(\"maker\")."
    )
