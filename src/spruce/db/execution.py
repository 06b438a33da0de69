"""`db.execute`: any SQLAlchemy statement, in the transaction that is open or on its own."""

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine.result import IteratorResult, SimpleResultMetaData
from sqlalchemy.sql import Executable

from spruce.db import transactions
from spruce.db.arithmetic import check_amounts
from spruce.db.databases import choose
from spruce.db.models import registry
from spruce.errors import DatabaseError

__all__ = ["execute"]


def execute(
    statement: Executable | str, parameters: Mapping[str, Any] | None = None, *, using: str | None = None
) -> "sa.Result[Any]":
    """Run a SQLAlchemy statement, or SQL with `:name` for parameters, and return SQLAlchemy's result.

    The result has `.all()`, `.first()`, `.scalar()`, `.scalars()`, `.mappings()` and the like; of a statement that
    returns no rows it is empty. Routers choose the database by the model of the first table, unless `using` names it.
    """
    if isinstance(statement, str):
        statement = sa.text(statement)
    elif not isinstance(statement, Executable) or not isinstance(statement, sa.ClauseElement):
        raise DatabaseError(
            f"execute() takes a SQLAlchemy statement or SQL, not {statement!r}", hint="As: db.execute(sa.select(…))."
        )
    reads = bool(getattr(statement, "is_select", False))
    database = choose(using, _model_of(statement), write=not reads)
    check_amounts(statement, database.dialect)
    compiled: Any = statement.compile(dialect=database.dialect, compile_kwargs={"render_postcompile": True})
    values = compiled.construct_params(parameters)
    processors = compiled._bind_processors
    bound = [processors[name](values[name]) if name in processors else values[name] for name in compiled.positiontup]
    connection = transactions.connection(database)
    returning = bool(compiled._result_columns) or isinstance(statement, sa.TextClause)
    if not returning:
        connection.change(compiled.string, bound)
        return _result(compiled, [], database.dialect)
    if compiled._result_columns:
        return _result(compiled, connection.rows(compiled.string, bound), database.dialect)
    names, rows, *_ = connection.outcome(compiled.string, bound)
    return IteratorResult(SimpleResultMetaData(names), iter(rows))


def _model_of(statement: Any) -> Any:
    """The model of the first table that a statement speaks of."""
    tables = [statement.table] if hasattr(statement, "table") else getattr(statement, "get_final_froms", list)()
    found = [registry.models.get(getattr(table, "name", "")) for table in tables]
    return next((model for model in found if model is not None), None)


def _result(compiled: Any, rows: list[Any], dialect: sa.Dialect) -> "sa.Result[Any]":
    columns = compiled._result_columns
    names = [column.keyname for column in columns]
    readers = [column.type._cached_result_processor(dialect, None) for column in columns]
    if any(readers):
        rows = [
            tuple(value if read is None else read(value) for read, value in zip(readers, row, strict=True))
            for row in rows
        ]
    return IteratorResult(SimpleResultMetaData(names), iter(rows))
