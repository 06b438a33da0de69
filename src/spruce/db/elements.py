"""SQL that databases spell differently, as elements that SQLAlchemy compiles for each."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeEngine

from spruce.db.types import Clock, Day, Moment

__all__ = ["TimeOfDay", "as_moment"]


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


_FORMS: dict[type, str] = {Day: "%Y-%m-%d", Moment: "%Y-%m-%d %H:%M:%f000", Clock: "%H:%M:%f000"}


def as_moment(column: sa.ColumnElement[Any], target: TypeEngine[Any]) -> sa.ColumnElement[Any] | None:
    """A CAST to a date or time as SQLite stores them, of one of these or a text; None for what is no such type."""
    form, source = _FORMS.get(type(target)), type(column.type)
    if form is None:
        return None
    text: Any = sa.type_coerce(column, sa.String())
    if source is type(target):
        made = text
    elif source is Moment:  # whose parts are as they are stored, to the microsecond
        made = sa.func.substr(text, *(map(_plain, (1, 10) if isinstance(target, Day) else (12, 15))))
    elif source is Day and isinstance(target, Moment):
        made = text.op("||")(sa.literal_column("' 00:00:00.000000'"))
    else:
        made = sa.func.strftime(sa.literal_column(f"'{form}'"), text)
    return sa.type_coerce(made, target)


def _plain(number: int) -> Any:
    return sa.literal_column(str(number))
