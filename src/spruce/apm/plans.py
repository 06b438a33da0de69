"""How a database would answer a query that the viewer has kept: its plan, asked for without changing anything.

What was kept of the parameters are texts; those of numbers, texts, dates and the like are read back. Where one was
hidden, cut or is something else, there is no plan, and it is said why. A plan is never more than asked for: the query
itself runs only when somebody wants it measured, if it is a SELECT, read-only, with a time limit, and is rolled back.
"""

import ast
import datetime
import re
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from spruce import green
from spruce.apm.history import History, unpacked
from spruce.apm.stored import HIDDEN
from spruce.db.databases import Database
from spruce.db.databases import current as databases
from spruce.errors import SpruceError
from spruce.i18n import gettext as _

__all__ = ["Plan", "Query", "explain", "query_of", "values_of"]

_SECONDS = 5.0
_EXPLAINED = re.compile(r"\s*(SELECT|INSERT|UPDATE|DELETE|WITH|REPLACE|VALUES|MERGE)\b", re.IGNORECASE)
_MEASURED = re.compile(r"\s*SELECT\b(?!.*\bINTO\b)", re.IGNORECASE | re.DOTALL)
_WHOLE = re.compile(r"(?:^|\s)SCAN (?:TABLE )?(\w+)(?! .*USING )|Seq Scan on (\S+)")
_MAKERS: dict[str, Callable[..., Any]] = {
    "datetime.datetime": datetime.datetime,
    "datetime.date": datetime.date,
    "datetime.time": datetime.time,
    "datetime.timedelta": datetime.timedelta,
    "datetime.timezone": datetime.timezone,
    "zoneinfo.ZoneInfo": ZoneInfo,
    "Decimal": Decimal,
    "UUID": UUID,
}


class Query(NamedTuple):
    """A query as it was kept: `parameters` are texts."""

    sql: str
    parameters: Sequence[str]
    cut: bool
    database: str

    @property
    def measurable(self) -> bool:
        """Whether it may be run to be measured."""
        return _MEASURED.match(self.sql) is not None


class Plan(NamedTuple):
    """What the database says, or the `problem` why it was not asked; `whole` are tables it reads from end to end."""

    text: str = ""
    problem: str = ""
    whole: Sequence[str] = ()
    measurable: bool = False


def query_of(history: History, uid: str, place: str) -> Query | None:
    """The query of a span of a request, or the third of those in it: `<id>/2`; None if there is none.

    Blocks its OS thread.
    """
    span, _slash, number = place.partition("/")
    rows = history.rows("SELECT detail FROM request WHERE uid = ? LIMIT 1", uid)
    for one in unpacked(rows[0]["detail"])["spans"] if rows else ():
        if one["id"] == span and "sql" in one:
            queries = one.get("queries") or [one]
            index = int(number) if number.isdecimal() and len(number) < 5 else 0
            if index < len(queries):
                found = queries[index]
                return Query(found["sql"], found["parameters"], found["cut"], found["database"])
    return None


def explain(query: Query, *, measured: bool = False) -> Plan:
    """Ask the database of this app for the plan of a query; blocks the green thread for 5 seconds at most."""
    if _EXPLAINED.match(query.sql) is None:
        return Plan(problem=_("There is no plan for this kind of statement."))
    try:
        values = values_of(query)
    except ValueError as error:
        return Plan(problem=str(error))
    try:
        with green.Timeout(_SECONDS):
            database = databases()[query.database]
            ask = _DIALECTS.get(database.dialect.name)
            if ask is None:
                return Plan(problem=_("This kind of database is not asked for plans."))
            text, whole = ask(database, query.sql, values, measured and query.measurable)
    except green.Timeout:
        return Plan(problem=_("The database did not answer within %(seconds)s seconds.", seconds=int(_SECONDS)))
    except SpruceError as error:
        return Plan(problem=str(error))
    return Plan(text, "", whole, query.measurable and database.dialect.name != "sqlite")


# ---- parameters ------------------------------------------------------------------------------------------------------


def values_of(query: Query) -> list[Any]:
    """The parameters of a query as values. Raises ValueError, with what to tell people, if they are not all known."""
    if HIDDEN in query.parameters:
        raise ValueError(_("Its parameters are hidden, as it speaks of something secret, so there is no plan."))
    if query.cut:
        raise ValueError(_("Not all of its parameters were kept, as they are too many or too long."))
    try:
        return [_value(ast.parse(text, mode="eval").body) for text in query.parameters]
    except (ValueError, SyntaxError, TypeError, ArithmeticError, KeyError, RecursionError) as error:
        raise ValueError(_("A parameter can't be read back from what was kept of it.")) from error


def _value(node: ast.expr) -> Any:
    """What `repr` has written; nothing is called but the makers of plain values."""
    if isinstance(node, ast.Call):
        maker = _MAKERS[ast.unparse(node.func)]
        return maker(
            *(_value(one) for one in node.args), **{one.arg: _value(one.value) for one in node.keywords if one.arg}
        )
    if isinstance(node, ast.List | ast.Tuple):
        return [_value(one) for one in node.elts]
    if isinstance(node, ast.Name) and node.id in ("inf", "nan"):
        return float(node.id)
    if isinstance(node, ast.Attribute) and ast.unparse(node) == "datetime.timezone.utc":
        return datetime.UTC
    return ast.literal_eval(node)


# ---- databases -------------------------------------------------------------------------------------------------------

Asked = tuple[str, list[str]]


def _sqlite(database: Database, sql: str, values: Sequence[Any], measured: bool) -> Asked:
    rows = database.driver.rows(f"EXPLAIN QUERY PLAN {sql}", values)  # it doesn't run what it explains
    depths: dict[int, int] = {}
    lines = []
    for number, parent, _unused, detail in rows:
        depths[number] = depth = depths.get(parent, -1) + 1
        lines.append(f"{'  ' * depth}{detail}")
    return "\n".join(lines), _tables("\n".join(lines))


def _postgresql(database: Database, sql: str, values: Sequence[Any], measured: bool) -> Asked:
    transaction = database.driver.begin()
    try:
        transaction.change("SET TRANSACTION READ ONLY", ())
        transaction.change(f"SET LOCAL statement_timeout = {int(_SECONDS * 900)}", ())
        options = "ANALYZE, BUFFERS" if measured else "FORMAT TEXT"
        text = "\n".join(row[0] for row in transaction.rows(f"EXPLAIN ({options}) {sql}", values))
    finally:
        transaction.rollback()
    return text, _tables(text)


def _mysql(database: Database, sql: str, values: Sequence[Any], measured: bool) -> Asked:
    word = "EXPLAIN" if not measured else "ANALYZE" if database.dialect.name == "mariadb" else "EXPLAIN ANALYZE"
    transaction = database.driver.begin()
    try:
        if _MEASURED.match(sql):  # what changes rows can't even be explained in such a one
            transaction.change("START TRANSACTION READ ONLY", ())  # it ends the other one, which has done nothing
        names, rows, *_more = transaction.outcome(f"{word} {sql}", values)
    finally:
        transaction.rollback()
    whole = [str(row[names.index("table")]) for row in rows if "type" in names and row[names.index("type")] == "ALL"]
    return _table([names, *rows]), whole


def _table(rows: Sequence[Sequence[Any]]) -> str:
    texts = [["" if value is None else str(value) for value in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*texts, strict=True)]
    return "\n".join(
        "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip() for row in texts
    )


def _tables(text: str) -> list[str]:
    found = [match[1] or match[2] for line in text.split("\n") for match in _WHOLE.finditer(line)]
    return list(dict.fromkeys(found))


_DIALECTS: dict[str, Callable[[Database, str, Sequence[Any], bool], Asked]] = {
    "sqlite": _sqlite,
    "postgresql": _postgresql,
    "mysql": _mysql,
    "mariadb": _mysql,
}
