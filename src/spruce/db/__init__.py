"""Models and queries: Django's names and meaning, SQLAlchemy's SQL, SQLite's speed.

`db.Model` with its fields, `Model.objects`, `db.atomic()`, and `db.execute()` for any SQLAlchemy statement.
"""

from spruce.db.aggregates import Aggregate, Avg, Count, Max, Min, StdDev, Sum, Variance
from spruce.db.databases import configure, stats
from spruce.db.dates import DateField, DateTimeField
from spruce.db.execution import execute
from spruce.db.expressions import F, Q
from spruce.db.fields import (
    AutoField,
    BigIntegerField,
    BooleanField,
    CharField,
    DecimalField,
    Field,
    FloatField,
    IntegerField,
    TextField,
)
from spruce.db.manytomany import ManyToManyField
from spruce.db.models import Model, registry
from spruce.db.prefetching import Prefetch
from spruce.db.queryset import Manager, QuerySet
from spruce.db.relations import (
    CASCADE,
    DO_NOTHING,
    PROTECT,
    RESTRICT,
    SET_DEFAULT,
    SET_NULL,
    FetchMode,
    ForeignKey,
    OneToOneField,
)
from spruce.db.schema import create_all, drop_all
from spruce.db.transactions import atomic, on_commit

__all__ = [
    "CASCADE",
    "DO_NOTHING",
    "PROTECT",
    "RESTRICT",
    "SET_DEFAULT",
    "SET_NULL",
    "Aggregate",
    "AutoField",
    "Avg",
    "BigIntegerField",
    "BooleanField",
    "CharField",
    "Count",
    "DateField",
    "DateTimeField",
    "DecimalField",
    "F",
    "FetchMode",
    "Field",
    "FloatField",
    "ForeignKey",
    "IntegerField",
    "Manager",
    "ManyToManyField",
    "Max",
    "Min",
    "Model",
    "OneToOneField",
    "Prefetch",
    "Q",
    "QuerySet",
    "StdDev",
    "Sum",
    "TextField",
    "Variance",
    "atomic",
    "configure",
    "create_all",
    "drop_all",
    "execute",
    "on_commit",
    "registry",
    "stats",
]
