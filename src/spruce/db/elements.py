"""SQL that databases spell differently, as elements that SQLAlchemy compiles for each."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from spruce.db.types import Clock

__all__ = ["TimeOfDay"]


class TimeOfDay(FunctionElement[Any]):
    """The time of day of a moment, in UTC."""

    inherit_cache = True
    type = Clock()


@compiles(TimeOfDay)
def _time_of_day(element: TimeOfDay, compiler: Any, **options: Any) -> str:
    (moment,) = element.clauses
    if compiler.dialect.name == "sqlite":  # moments are text, in which the time begins at the 12th character
        return f"substr({compiler.process(moment, **options)}, 12)"
    made: str = compiler.process(sa.cast(moment, sa.Time()), **options)
    return made
