"""The source of one model; whole databases are read in test_inspecting.py."""

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import dialect

from spruce.db.inspectedmodels import Found, InspectedModel


def source(*parts: sa.schema.SchemaItem) -> str:
    """The text of the model for a table of these columns and constraints."""
    tables = sa.MetaData()
    table = sa.Table("thing", tables, sa.Column("id", sa.Integer, primary_key=True), *parts)
    return InspectedModel(Found(dialect(), tables, {}, {}, {"thing": "Thing"}), table).source()


def test_a_model_and_its_table() -> None:
    """The key needs no line when it is what a model has anyway."""
    assert source(sa.Column("note", sa.String(5), nullable=False)) == (
        'class Thing(db.Model):\n    note = db.CharField(max_length=5)\n\n    class Meta:\n        db_table = "thing"'
    )


def test_names_of_a_database_become_no_code() -> None:
    """Whoever named an index does not write the program."""
    found = source(sa.Column("a", sa.Integer), sa.Index('x")], evil=[print("', "a"))
    assert r"indexes = [" in found
    assert r'name="x\")], evil=[print(\""),' in found
