"""What statements read and change, told from their SQL."""

import pytest

from spruce import db
from spruce.db.footprints import Change, changes_of, footprint, keys_of


class Forest(db.Model):
    name = db.CharField(max_length=20)


class Tree(db.Model):
    name = db.CharField(max_length=20)
    forest = db.ForeignKey(Forest, on_delete=db.CASCADE)


class Odd(db.Model):
    name = db.CharField(max_length=20)

    class Meta:
        db_table = "an odd-name"


def setup_module() -> None:
    assert [model.__table__.name for model in (Forest, Tree, Odd)] == ["forest", "tree", "an odd-name"]


@pytest.mark.parametrize(
    ("sql", "parameters", "keys"),
    [
        ("SELECT tree.id, tree.name \nFROM tree \nWHERE tree.id = ?", (3,), ("3",)),
        ('SELECT "tree"."id" FROM "tree" WHERE "tree"."id" = $1 LIMIT 2', (3,), ("3",)),
        ("SELECT tree.name FROM tree WHERE tree.id IN (?, ?) ORDER BY tree.id\n LIMIT 1 OFFSET 0", (3, 4), ("3", "4")),
        ("SELECT tree.name FROM tree WHERE tree.id IN ($2, $3)", (9, 3, 4), ("3", "4")),
        ("SELECT tree.name FROM tree WHERE tree.id = %s FOR UPDATE", (3,), ("3",)),
        ("UPDATE tree SET name=?, forest_id=? WHERE tree.id = ?", ("x", 1, 3), ("3",)),
        ("DELETE FROM tree WHERE tree.id IN (?)", (3,), ("3",)),
        ("SELECT tree.name FROM tree WHERE tree.id = ? OR tree.name = ?", (3, "x"), None),
        ("SELECT tree.name FROM tree WHERE tree.id = ? AND tree.name = ?", (3, "x"), None),
        ("SELECT tree.name FROM tree WHERE tree.forest_id = ?", (3,), None),
        ("SELECT count(*) FROM tree WHERE tree.id = ?", (3,), None),
        ("SELECT tree.name FROM tree JOIN forest ON forest.id = tree.forest_id WHERE tree.id = ?", (3,), None),
        ("SELECT tree.name FROM tree JOIN other ON true WHERE tree.id = ?", (3,), None),
        ("SELECT 'what?' FROM tree WHERE tree.id = ?", (3,), None),
        ("SELECT tree.name FROM tree WHERE tree.id = ? UNION SELECT name FROM tree", (3,), None),
        ("UPDATE tree SET id=? WHERE tree.id = ?", (4, 3), None),
        ("SELECT tree.name FROM tree", (), None),
    ],
)
def test_rows_are_known_where_only_the_key_chooses(sql: str, parameters: tuple[object, ...], keys: object) -> None:
    assert keys_of(footprint(sql), parameters) == keys


@pytest.mark.parametrize(
    ("sql", "tables"),
    [
        ("SELECT * FROM tree JOIN forest USING (id)", {"tree", "forest"}),
        ('SELECT * FROM "TREE"', {"tree"}),
        ('SELECT * FROM "an odd-name"', {"an odd-name"}),
        ("SELECT name FROM trees", set()),
        ("SELECT 'forest' FROM tree", {"tree", "forest"}),
    ],
)
def test_every_table_that_is_named_counts(sql: str, tables: set[str]) -> None:
    assert footprint(sql).tables == tables


@pytest.mark.parametrize(
    ("sql", "parameters", "changes"),
    [
        ("SELECT * FROM tree", (), []),
        ("  -- a word\nSELECT * FROM tree FOR UPDATE", (), [Change("", None)]),
        ("WITH few AS (SELECT 1) SELECT * FROM tree, few", (), []),
        ("WITH gone AS (DELETE FROM tree RETURNING 1) SELECT * FROM gone", (), [Change("", None)]),
        ("INSERT INTO tree (name) VALUES (?)", ("x",), [Change("tree", ())]),
        ("INSERT OR IGNORE INTO tree (name) VALUES (?)", ("x",), [Change("tree", ())]),
        ("INSERT OR REPLACE INTO tree (name) VALUES (?)", ("x",), [Change("tree", None)]),
        ("INSERT INTO tree (name) VALUES ($1) ON CONFLICT DO NOTHING", ("x",), [Change("tree", ())]),
        ("INSERT INTO tree (name) VALUES ($1) ON CONFLICT (id) DO UPDATE SET name='x'", ("x",), [Change("tree", None)]),
        ("INSERT INTO tree (name) VALUES (%s) ON DUPLICATE KEY UPDATE name='x'", ("x",), [Change("tree", None)]),
        ("UPDATE tree SET name=? WHERE tree.id = ?", ("x", 3), [Change("tree", ("3",))]),
        ("UPDATE tree SET name=?", ("x",), [Change("tree", None)]),
        ("UPDATE forest_of_others SET name=?", ("x",), [Change("", None)]),
        ("DELETE FROM tree WHERE tree.id IN (?)", (3,), [Change("tree", ("3",))]),
        ("DELETE FROM forest WHERE forest.id IN (?)", (3,), [Change("forest", ("3",)), Change("tree", None)]),
        ("DROP TABLE tree", (), [Change("", None)]),
        ("", (), [Change("", None)]),
    ],
)
def test_what_is_changed(sql: str, parameters: tuple[object, ...], changes: list[Change]) -> None:
    assert changes_of(sql, parameters) == changes


def test_a_model_that_is_declared_later_counts() -> None:
    sql = "UPDATE latecomer SET name=?"
    assert changes_of(sql, ("x",)) == [Change("", None)]
    model = type(db.Model)("Latecomer", (db.Model,), {"__module__": __name__, "name": db.CharField(max_length=9)})
    assert model.__table__.name == "latecomer"
    assert changes_of(sql, ("x",)) == [Change("latecomer", None)]
