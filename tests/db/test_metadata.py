"""The one collection of the tables of all models."""

from spruce import db
from spruce.db.metadata import metadata


class Collected(db.Model):
    name = db.CharField(max_length=20, unique=True)


def test_models_put_their_tables_there() -> None:
    made = Collected.__table__  # it is made when it is first wanted
    assert metadata.tables["collected"] is made
    assert db.registry.metadata is metadata


def test_constraints_have_names_that_migrations_find() -> None:
    """SQLite would give them none."""
    names = {constraint.name for constraint in Collected.__table__.constraints} | {
        index.name for index in Collected.__table__.indexes
    }
    assert any("collected_name" in str(name) for name in names)
