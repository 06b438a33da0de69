"""What ran in an app context."""

from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from spruce import App, config
from spruce import db as database
from spruce.alchemy import SQLAlchemy, get_recorded_queries


@pytest.fixture
def app() -> Iterator[App]:
    """An app whose queries are recorded."""
    before = config.current()
    app = App(__name__, SQLALCHEMY_DATABASE_URI="sqlite://", SQLALCHEMY_RECORD_QUERIES=True)
    with app.app_context():
        yield app
        database.configure(DATABASES={})
    config.install(before)


def test_queries_are_recorded(app: App) -> None:
    """With times and lines; once, however often the engine is asked for."""
    ext = SQLAlchemy(app)
    assert ext.engine is ext.get_engine()
    assert get_recorded_queries() == []
    with database.watch_queries() as log:
        assert ext.session.scalar(sa.text("SELECT :n + 1"), {"n": 1}) == 2
    (query,) = get_recorded_queries()
    assert (query.statement, query.parameters, query.duration >= 0) == ("SELECT ? + 1", (1,), True)
    assert query.location == f"{__file__}:{log.queries[-1].line}"
    assert {seen.file for seen in log} == {__file__}
    ext.session.remove()
