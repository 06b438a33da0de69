"""Steps that keep others from a big table for long, each with what to do instead (PostgreSQL's manual, ALTER TABLE)."""

from collections.abc import Iterator

import sqlalchemy as sa
from alembic.operations import ops

__all__ = ["warnings"]


def warnings(steps: ops.OpContainer, dialect: sa.Dialect) -> Iterator[str]:
    """A sentence for each such step; none for SQLite, whose file is locked as a whole in any case."""
    if dialect.name != "postgresql":
        return
    for step in steps.ops:
        if isinstance(step, ops.ModifyTableOps):
            for each in step.ops:
                text = _warning(each)
                if text:
                    yield f"{step.table_name}: {text}"


def _warning(step: ops.MigrateOperation) -> str:
    if isinstance(step, ops.CreateIndexOp):
        return (
            f"making the index {step.index_name} keeps everybody from writing. On a big table, make it in a "
            "migration of its own, with postgresql_concurrently=True, inside of `op.get_context().autocommit_block()`."
        )
    if isinstance(step, ops.AlterColumnOp) and step.modify_type is not None:
        return (
            f"another type for {step.column_name} writes the whole table anew, and nobody can read it meanwhile. "
            "Better: add a column, let the program write both, fill it in parts, then read from it alone."
        )
    if isinstance(step, ops.AlterColumnOp) and step.modify_nullable is False:
        return (
            f"NOT NULL for {step.column_name} reads the whole table while nobody can use it. Better: a check "
            "constraint that is NOT VALID, then VALIDATE CONSTRAINT in another migration, then NOT NULL."
        )
    if isinstance(step, ops.CreateForeignKeyOp | ops.CreateCheckConstraintOp):
        return (
            f"{step.constraint_name} is checked for all rows while nobody can write. On a big table, add it as "
            "NOT VALID and let VALIDATE CONSTRAINT follow in another migration."
        )
    if isinstance(step, ops.DropColumnOp):
        return (
            f"programs that still run with the old code read {step.column_name}, and fail once it has gone. Deploy "
            "the code that doesn't use it first."
        )
    return ""
