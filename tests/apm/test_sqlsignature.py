"""The names of queries, as Elastic's agents agreed on them."""

import json
from pathlib import Path

import pytest

from spruce.apm.sqlsignature import signature_of

EXAMPLES = json.loads((Path(__file__).parents[1] / "data" / "elastic_sql_signatures.json").read_text("utf-8"))


@pytest.mark.parametrize("number", range(len(EXAMPLES)))
def test_the_shared_examples(number: int) -> None:
    """Each query has the name that the examples say."""
    assert signature_of(EXAMPLES[number]["input"]) == EXAMPLES[number]["output"]


@pytest.mark.parametrize(
    ("sql", "name"),
    [
        ("select a from b where c = 'from x'", "SELECT FROM b"),
        ("SELECT $x$ FROM a $x$, 1 FROM b", "SELECT FROM b"),
        ("SELECT $$ FROM a $$ FROM b", "SELECT FROM b"),
        ("REPLACE INTO a VALUES (1)", "REPLACE INTO a"),
        ("MERGE INTO a USING b ON a.x = b.x", "MERGE INTO a"),
        ("WITH x AS (SELECT 1) SELECT * FROM x", "WITH"),
        ("PRAGMA table_info('a')", "PRAGMA"),
        ("SELECT count(*) FROM a.b .c WHERE x", "SELECT FROM a.b.c"),
        ('DELETE FROM "a""b"', 'DELETE FROM a""b'),
        ("/* only a comment", ""),
        ("(SELECT 1)", "("),
    ],
)
def test_other_queries(sql: str, name: str) -> None:
    """What databases have besides."""
    assert signature_of(sql) == name
