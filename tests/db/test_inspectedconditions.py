"""Conditions of indexes, as databases tell them, in Python."""

import pytest
import sqlalchemy as sa

from spruce.db.inspectedconditions import as_q, python_text

TABLE = sa.Table("x", sa.MetaData(), sa.Column("a", sa.Integer), sa.Column("b", sa.Boolean), sa.Column("c", sa.String))
NAMES = {"a": "a", "b": "is_b", "c": "c"}


@pytest.mark.parametrize(
    ("sql", "python"),
    [
        ("a >= 5", "db.Q(a__gte=5)"),
        ("(a <> 5)", "~db.Q(a=5)"),
        ("b = 1 AND c IS NOT NULL", "db.Q(is_b=True) & db.Q(c__isnull=False)"),
        ("((c)::text = 'it''s \"x\"'::text)", 'db.Q(c="it\'s \\"x\\"")'),
        ("a = 5 OR a = 6", ""),
        ("lower(c) = 'x'", ""),
        ("unknown = 1", ""),
        ("a = 5 AND lower(c) = 'x'", ""),
    ],
)
def test_a_condition_is_a_q_or_nothing(sql: str, python: str) -> None:
    """What is understood in part only would be of other rows."""
    assert as_q(sql, TABLE, NAMES) == python


def test_texts_are_quoted() -> None:
    """Whatever somebody called a table; what is read aloud stays readable."""
    assert python_text('a"); import os  # 熊猫') == '"a\\"); import os  # 熊猫"'
