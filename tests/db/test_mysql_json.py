"""JSON in MariaDB's and MySQL's words; what they mean is tested in test_jsonlookups.py."""

import sqlalchemy as sa

from spruce.db import mysql_json
from spruce.db.mysql_sql import MariaDB, MySQL

DATA, OTHER = sa.column("data", sa.Text()), sa.column("other", sa.Text())


def sql(element: sa.ColumnElement[object], dialect: sa.Dialect | None = None) -> str:
    return str(element.compile(dialect=dialect or MariaDB()))


def test_paths_lead_to_names_and_positions() -> None:
    """Names are quoted; at the first position there has to be a list."""
    assert mysql_json.path(("a b", 1)) == '$."a b"[1]'
    assert sql(mysql_json.behind(DATA, ())) == "data"
    assert sql(mysql_json.behind(DATA, ("it's",))) == """json_extract(data, '$."it''s"')"""
    assert sql(mysql_json.behind(DATA, (0,))) == (
        "CASE WHEN (json_type(data) = 'ARRAY') THEN json_extract(data, '$[0]') END"
    )


def test_each_compares_in_its_way() -> None:
    """MariaDB keeps text, MySQL JSON."""
    assert sql(mysql_json.same(DATA, OTHER, "mariadb")) == "json_equals(data, other) = 1"
    assert sql(mysql_json.same(DATA, OTHER, "mysql"), MySQL()) == "data = CAST(other AS JSON)"


def test_what_contains_what() -> None:
    """Whole values, and keys."""
    assert sql(mysql_json.contains(DATA, OTHER)) == "json_contains(data, other) = 1"
    step = mysql_json.word('."k"')
    assert sql(mysql_json.has(DATA, ("a",), step)) == (
        """json_contains_path(data, 'one', concat('$."a"', '."k"')) = 1"""
    )
