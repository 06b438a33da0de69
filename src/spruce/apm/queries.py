"""Queries as spans, and those of which one would have done (N+1), with the line and the remedy.

A span of a query keeps what `spruce.events.db_query` told as its `detail`: the SQL, parameters, rows, line. What is
repeated is found among them when the transaction ends, by the same rule as `db.assert_no_n_plus_one`.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from time import perf_counter
from typing import Any

from spruce.apm.spans import Transaction, What, begin_span, current
from spruce.apm.sqlsignature import signature_of
from spruce.db.databases import current as databases
from spruce.db.seeing import QueryLog, Repeated, SeenQuery
from spruce.events import Event

__all__ = ["Queries", "place_of", "repeated"]

_LEAST = 3
_MOST = 1000  # queries of a transaction that are looked at
_LONGEST = 10_000  # characters of a statement
_KEPT = 2000  # statements that are described once for all
_SUBTYPES = {"sqlite": "sqlite", "postgresql": "postgresql", "mysql": "mysql", "mariadb": "mariadb"}


def place_of(alias: str) -> tuple[str, str]:
    """Which kind of database an alias is, and what it is called in spans."""
    try:
        dialect = databases()[alias].dialect.name
    except Exception:  # told by something that is no database of these settings
        dialect = "unknown"
    subtype = _SUBTYPES.get(dialect, dialect)
    return subtype, f"{subtype}/{alias}"


class Queries:
    """Makes spans of what databases tell."""

    def __init__(self) -> None:
        self._described: dict[tuple[str, str], What] = {}

    def ran(self, event: Event) -> None:
        """Note a query that has ended now."""
        here = current.get()
        if here is None:
            return
        transaction = here.transaction
        if not transaction.sampled or transaction.ended:
            return
        told: Any = event.attributes
        sql, alias, seconds = told["sql"], told["database"], told["seconds"]
        what = self._described.get((sql, alias)) or self._describe(sql, alias)
        begin_span(here, what, perf_counter() - seconds, told).end(seconds)
        queries = transaction.queries
        if queries is None:
            transaction.queries = [told]
        elif len(queries) < _MOST:
            queries.append(told)

    def _describe(self, sql: str, alias: str) -> What:
        subtype, resource = place_of(alias)
        context = {
            "db": {"instance": alias, "statement": sql[:_LONGEST], "type": "sql"},
            "destination": {"service": {"resource": resource, "name": "", "type": ""}},
            "service": {"target": {"type": subtype, "name": alias}},
        }
        found = What(signature_of(sql) or "SQL", "db", subtype, "query", True, True, resource, context)
        if len(self._described) < _KEPT:
            self._described[sql, alias] = found
        return found


def repeated(transaction: Transaction) -> Sequence[Repeated]:
    """What a transaction has asked from one line several times where once would have done."""
    queries: list[Mapping[str, Any]] = transaction.queries or []
    if len(queries) < _LEAST:
        return ()
    often = {sql for sql, times in Counter(query["sql"] for query in queries).items() if times >= _LEAST}
    if not often:
        return ()
    log = QueryLog()
    log.queries = [
        SeenQuery(**{name: query.get(name, _MISSING.get(name, "")) for name in SeenQuery._fields})
        for query in queries
        if query["sql"] in often
    ]
    return log.repeated(_LEAST)


_MISSING: dict[str, Any] = {"line": 0, "rows": 0, "parameters": ()}
