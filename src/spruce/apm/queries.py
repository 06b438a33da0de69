"""Queries as spans, and those of which one would have done (N+1), with the line and the remedy.

A span of a query keeps what `spruce.events.db_query` told as its `detail`: the SQL, parameters, rows, line. What is
repeated is found among them when the transaction ends, by the same rule as `db.assert_no_n_plus_one`.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from spruce.apm.leaves import note
from spruce.apm.sinks import are_seen, holds_details
from spruce.apm.spans import Transaction
from spruce.apm.sqlsignature import signature_of
from spruce.apm.what import What
from spruce.db.databases import current as databases
from spruce.db.seeing import QueryLog, Repeated, SeenQuery, place

__all__ = ["LEAST", "Queries", "place_of", "repeated"]

LEAST = 3
"""So many like queries in one transaction are worth telling."""

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
        self._described: dict[str, dict[str, What]] = {}  # by alias and statement

    def ran(self, told: dict[str, Any]) -> None:
        """Note a query that has ended now; a plain subscriber.

        Where it comes from is dear to find out. So that is done for each only where somebody looks at spans, else from
        the second one on that is the same in a transaction.
        """
        sql, alias = told["sql"], told["database"]
        statements = self._described.get(alias)
        what = statements.get(sql) if statements is not None else None
        transaction = note(what or self._describe(sql, alias), told["seconds"], told if holds_details() else None)
        if transaction is None:
            return
        seen = transaction.statements
        if seen is None:
            transaction.statements = {sql: 1}
            transaction.queries = [told]
            times = 0
        else:
            times = seen.get(sql, 0)
            seen[sql] = times + 1
            queries: Any = transaction.queries
            if len(queries) < _MOST:
                queries.append(told)
        if (times or are_seen()) and "file" not in told:
            told["file"], told["line"] = place()

    def _describe(self, sql: str, alias: str) -> What:
        subtype, resource = place_of(alias)
        context = {
            "db": {"instance": alias, "statement": sql[:_LONGEST], "type": "sql"},
            "destination": {"service": {"resource": resource, "name": "", "type": ""}},
            "service": {"target": {"type": subtype, "name": alias}},
        }
        found = What(signature_of(sql) or "SQL", "db", subtype, "query", True, True, resource, context)
        statements = self._described.setdefault(alias, {})
        if len(statements) < _KEPT:
            statements[sql] = found
        return found


def repeated(transaction: Transaction) -> Sequence[Repeated]:
    """What a transaction has asked from one line several times where once would have done.

    The first of them, whose line nobody has looked for, is taken for one of the line of the second.
    """
    statements = transaction.statements
    if statements is None or max(statements.values()) < LEAST:
        return ()
    log = QueryLog()
    lines: dict[str, Mapping[str, Any]] = {}
    for query in reversed(transaction.queries or ()):
        sql = query["sql"]
        if statements[sql] >= LEAST:
            told = query if "file" in query else {**query, **lines.get(sql, {})}
            lines[sql] = {name: told[name] for name in ("file", "line") if name in told}
            fields = {name: told.get(name, _MISSING.get(name, "")) for name in SeenQuery._fields}
            log.queries.append(SeenQuery(**fields))
    log.queries.reverse()
    return log.repeated(LEAST)


_MISSING: dict[str, Any] = {"line": 0, "rows": 0, "parameters": ()}
