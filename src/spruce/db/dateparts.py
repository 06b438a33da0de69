"""Parts of dates in SQL, as whole numbers on every database."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles

__all__ = ["DatePart"]


class DatePart(sa.Extract):
    """EXTRACT, which on PostgreSQL is a NUMERIC, and has the fraction of a second."""

    inherit_cache = True


@compiles(DatePart)
def _plain(element: DatePart, compiler: Any, **options: Any) -> str:
    return str(compiler.visit_extract(element, **options))


@compiles(DatePart, "postgresql")
def _whole(element: DatePart, compiler: Any, **options: Any) -> str:
    return f"CAST(FLOOR({compiler.visit_extract(element, **options)}) AS INTEGER)"
