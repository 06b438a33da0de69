"""Engines of the databases of the settings."""

import pytest
import sqlalchemy as sa

from spruce import alchemy, db
from spruce.errors import ConfigError


def test_there_is_one_engine_for_a_database(engine: sa.Engine) -> None:
    """Until there are other settings."""
    assert alchemy.engine() is engine
    assert engine.dialect.driver == "spruce"
    with pytest.raises(ConfigError, match="there is no database 'other' in DATABASES"):
        alchemy.engine("other")


def test_tables_can_be_inspected(engine: sa.Engine) -> None:
    """As SQLAlchemy does."""
    assert "t_alchemy_book" in sa.inspect(engine).get_table_names()
    assert [key["referred_table"] for key in sa.inspect(engine).get_foreign_keys("t_alchemy_book")] == [
        "t_alchemy_author"
    ]


def test_other_settings_have_other_engines(engine: sa.Engine) -> None:
    """Databases that were configured anew are not those of before."""
    before = db.databases.current().urls["default"]
    if before != "sqlite://":
        db.configure(DATABASES=before)
        assert alchemy.engine() is not engine
        with alchemy.engine().connect() as connection:
            assert connection.scalar(sa.text("SELECT count(*) FROM t_alchemy_author")) == 0


@pytest.mark.parametrize("scheme", ["mariadb", "mysql"])
def test_databases_that_engines_cannot_use(engine: sa.Engine, scheme: str) -> None:
    """Are named, with what there is for them; nothing is connected for it."""
    pytest.importorskip("asyncmy")
    before = db.databases.current().urls["default"]
    db.configure(DATABASES=f"{scheme}://nobody@localhost/shop")
    with pytest.raises(ConfigError) as refused:
        alchemy.engine()
    assert str(refused.value) == (
        f"DATABASES['default'] is {scheme}, which SQLAlchemy's engines cannot use through spruce.db. "
        "They can on SQLite and PostgreSQL; models of spruce.db and db.execute() can everywhere."
    )
    db.configure(DATABASES=before)
