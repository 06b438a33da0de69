"""What only PostgreSQL has: `from spruce.db import postgres`. The names are those of django.contrib.postgres.

Arrays, ranges, search in texts, indexes and constraints of its own, COPY.
"""

from spruce.db.arrays import ArrayField
from spruce.db.copying import copy_from, copy_to
from spruce.db.fulltext import (
    SearchHeadline,
    SearchQuery,
    SearchRank,
    SearchVector,
    SearchVectorField,
    TrigramDistance,
    TrigramSimilarity,
    TrigramWordSimilarity,
)
from spruce.db.postgres_indexes import BrinIndex, ExclusionConstraint, GinIndex, GistIndex, HashIndex, SpGistIndex
from spruce.db.ranges import (
    BigIntegerRangeField,
    DateRangeField,
    DateTimeRangeField,
    DecimalRangeField,
    IntegerRangeField,
    Range,
    RangeOperators,
)

__all__ = [
    "ArrayField",
    "BigIntegerRangeField",
    "BrinIndex",
    "DateRangeField",
    "DateTimeRangeField",
    "DecimalRangeField",
    "ExclusionConstraint",
    "GinIndex",
    "GistIndex",
    "HashIndex",
    "IntegerRangeField",
    "Range",
    "RangeOperators",
    "SearchHeadline",
    "SearchQuery",
    "SearchRank",
    "SearchVector",
    "SearchVectorField",
    "SpGistIndex",
    "TrigramDistance",
    "TrigramSimilarity",
    "TrigramWordSimilarity",
    "copy_from",
    "copy_to",
]
