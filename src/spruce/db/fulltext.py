"""PostgreSQL's search in texts: vectors of words, queries, ranks, headlines, and how alike two texts are.

The names are those of django.contrib.postgres.search. `pg_trgm` has to be there for what is alike: `CREATE EXTENSION`.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, ClassVar, TypeVar

import sqlalchemy as sa
from sqlalchemy.types import TypeEngine

from spruce.db.calls import CALLS, Call
from spruce.db.cases import Value
from spruce.db.expressions import Term
from spruce.db.fields import Field
from spruce.db.functions import Function
from spruce.db.numbers import FloatField
from spruce.db.searches import MATCH, QueryField, VectorType
from spruce.db.texts import TextField
from spruce.db.tokens import operand
from spruce.db.words import quoted
from spruce.errors import FieldError

__all__ = [
    "SearchHeadline",
    "SearchQuery",
    "SearchRank",
    "SearchVector",
    "SearchVectorField",
    "TrigramDistance",
    "TrigramSimilarity",
    "TrigramWordSimilarity",
]

V = TypeVar("V")
Column = sa.ColumnElement[Any]

_KINDS = {
    "plain": "plainto_tsquery",
    "phrase": "phraseto_tsquery",
    "raw": "to_tsquery",
    "websearch": "websearch_to_tsquery",
}
_HEADLINE = {
    "start_sel": "StartSel",
    "stop_sel": "StopSel",
    "max_words": "MaxWords",
    "min_words": "MinWords",
    "short_word": "ShortWord",
    "highlight_all": "HighlightAll",
    "max_fragments": "MaxFragments",
    "fragment_delimiter": "FragmentDelimiter",
}


class SearchVectorField(Field[V]):
    """The words of texts, kept in a column; compare it by `search` with a text or a SearchQuery.

    A GeneratedField of a SearchVector with a `config`, or a trigger, keeps it up to date.
    """

    what = "search vector"
    python = str
    family = "vector"
    lookups: ClassVar[Mapping[str, Any]] = MappingProxyType({"exact": MATCH, "search": MATCH})

    def column_type(self) -> TypeEngine[Any]:
        """TSVECTOR."""
        return VectorType()


class SearchVector(Function):
    """The words of fields: `SearchVector("title", "body", weight="A", config="english")`; `+` joins two."""

    __slots__ = ()
    function = "search_vector"
    most = 100

    def __init__(self, *expressions: Any, weight: str | None = None, config: str | None = None) -> None:
        if weight is not None and weight not in "ABCD":
            raise FieldError(f"SearchVector(weight={weight!r}): weights are A, B, C and D")
        self._make(expressions, weight, _config(config))

    def __add__(self, other: Any) -> Any:
        return _joined("search_concat", self, other)


class SearchQuery(Function):
    """What is searched for: words (`plain`), a `phrase`, PostgreSQL's own form (`raw`), or as on the web (`websearch`).

    `&`, `|` and `~` combine queries.
    """

    __slots__ = ()
    function = "search_query"

    def __init__(self, value: Any, *, search_type: str = "plain", config: str | None = None) -> None:
        if search_type not in _KINDS:
            raise FieldError(f"SearchQuery(search_type={search_type!r}): types are {', '.join(_KINDS)}")
        self._make((value if isinstance(value, Term) else Value(value),), search_type, _config(config))

    def __and__(self, other: Any) -> Any:
        return _joined("search_and", self, other)

    def __or__(self, other: Any) -> Any:
        return _joined("search_or", self, other)

    def __invert__(self) -> Any:
        return _joined("search_not", self)


class SearchRank(Function):
    """How well a vector fits a query; `cover_density` counts how near the words are to each other.

    `weights` are those of D, C, B and A; `normalization` PostgreSQL's flags, as for the length of a text.
    """

    __slots__ = ()
    function = "search_rank"
    least = most = 2

    def __init__(
        self,
        vector: Any,
        query: Any,
        *,
        weights: Sequence[float] | None = None,
        normalization: int | None = None,
        cover_density: bool = False,
    ) -> None:
        vector = vector if isinstance(vector, Term) else SearchVector(vector)
        query = query if isinstance(query, Term) else SearchQuery(query)
        told = None if weights is None else tuple(map(float, weights))
        self._make((vector, query), told, None if normalization is None else int(normalization), bool(cover_density))


class SearchHeadline(Function):
    """The parts of a text in which the words are, marked: `SearchHeadline("body", query, start_sel="<b>", …)`.

    The text is not escaped: what comes out is HTML only if the text is.
    """

    __slots__ = ()
    function = "search_headline"
    least = most = 2

    def __init__(self, expression: Any, query: Any, *, config: str | None = None, **options: Any) -> None:
        unknown = sorted(set(options) - set(_HEADLINE))
        if unknown:
            raise FieldError(f"SearchHeadline() has no option {unknown[0]!r}", hint=f"It has: {', '.join(_HEADLINE)}.")
        query = query if isinstance(query, Term) else SearchQuery(query)
        told = ", ".join(f"{_HEADLINE[name]}={_shown(value)}" for name, value in options.items())
        self._make((expression, query), _config(config), told)


class TrigramSimilarity(Function):
    """How alike a field is to a text, from 0 to 1: `TrigramSimilarity("name", "bear")`."""

    __slots__ = ()
    function = "trigram_similarity"
    least = most = 2

    def __init__(self, expression: Any, text: Any) -> None:
        self._make((expression, text if isinstance(text, Term) else Value(text)))


class TrigramWordSimilarity(TrigramSimilarity):
    """How alike a text is to the part of a field that it is most like."""

    __slots__ = ()
    function = "trigram_word_similarity"


class TrigramDistance(TrigramSimilarity):
    """How far apart: 1 less the similarity."""

    __slots__ = ()
    function = "trigram_distance"


def _joined(function: str, *terms: Any) -> Term:
    pairs = [operand(each) for each in terms]
    made = SearchVector if function == "search_concat" else SearchQuery
    term = made.__new__(made)
    term.key = ("call", function, tuple(pair[0] for pair in pairs), ())
    term.values = tuple(value for pair in pairs for value in pair[1])
    return term


def _config(name: str | None) -> str | None:
    if name is not None and not re.fullmatch(r"\w+(\.\w+)?", name):
        raise FieldError(f"config={name!r} is no name of a text search configuration", hint="As: config='english'.")
    return name


def _shown(value: Any) -> str:
    text = str(value).replace('"', '""')
    return text if isinstance(value, bool | int) else f'"{text}"'


def _word(text: str) -> Column:
    return sa.literal_column(quoted(text, "postgresql"))


def _configured(name: str | None) -> list[Column]:
    return [] if name is None else [sa.literal_column(f"'{name}'::regconfig")]


def _vector(columns: list[Column], dialect: str, options: tuple[Any, ...]) -> Any:
    weight, config = options
    parts: list[Any] = [sa.func.coalesce(sa.cast(column, sa.Text()), _word("")) for column in columns]
    text = parts[0]
    for part in parts[1:]:
        text = text.op("||")(_word(" ")).op("||")(part)
    made = sa.func.to_tsvector(*_configured(config), text)
    return made if weight is None else sa.func.setweight(made, _word(weight))


def _query(columns: list[Column], dialect: str, options: tuple[Any, ...]) -> Any:
    kind, config = options
    return getattr(sa.func, _KINDS[kind])(*_configured(config), *columns)


def _rank(columns: list[Column], dialect: str, options: tuple[Any, ...]) -> Any:
    weights, normalization, dense = options
    arguments: list[Any] = list(columns)
    if weights is not None:
        arguments.insert(0, sa.literal_column(f"'{{{','.join(map(repr, weights))}}}'::real[]"))
    if normalization is not None:
        arguments.append(sa.literal_column(str(normalization)))
    return sa.cast((sa.func.ts_rank_cd if dense else sa.func.ts_rank)(*arguments), sa.Double())


def _headline(columns: list[Column], dialect: str, options: tuple[Any, ...]) -> Any:
    config, told = options
    text, query = columns
    return sa.func.ts_headline(*_configured(config), sa.cast(text, sa.Text()), query, *([_word(told)] if told else []))


def _infix(sign: str) -> Callable[[list[Column], str, tuple[Any, ...]], Any]:
    return lambda columns, dialect, options: columns[0].self_group().op(sign)(columns[1].self_group())


def _similar(name: str, turned: bool = False) -> Callable[[list[Column], str, tuple[Any, ...]], Any]:
    return lambda columns, dialect, options: sa.cast(
        getattr(sa.func, name)(*(columns[::-1] if turned else columns)), sa.Double()
    )


def _on_postgres(sql: Callable[[list[Column], str, tuple[Any, ...]], Any], field: Callable[[], Field[Any]]) -> Call:
    def checked(columns: list[Column], dialect: str, options: tuple[Any, ...]) -> Any:
        if dialect != "postgresql":
            raise FieldError("full-text search needs PostgreSQL", hint="Elsewhere, `icontains` finds texts in texts.")
        return sql(columns, dialect, options)

    return Call(checked, lambda fields, options: field())


def _vectors() -> Field[Any]:
    return SearchVectorField(null=True)


def _queries() -> Field[Any]:
    return QueryField(null=True)


def _numbers() -> Field[Any]:
    return FloatField(null=True)


CALLS.update(
    search_vector=_on_postgres(_vector, _vectors),
    search_concat=_on_postgres(_infix("||"), _vectors),
    search_query=_on_postgres(_query, _queries),
    search_and=_on_postgres(_infix("&&"), _queries),
    search_or=_on_postgres(_infix("||"), _queries),
    search_not=_on_postgres(lambda columns, dialect, options: sa.literal_column("!!").op("")(columns[0]), _queries),
    search_rank=_on_postgres(_rank, _numbers),
    search_headline=_on_postgres(_headline, lambda: TextField(null=True)),
    trigram_similarity=_on_postgres(_similar("similarity"), _numbers),
    trigram_word_similarity=_on_postgres(_similar("word_similarity", turned=True), _numbers),
    trigram_distance=_on_postgres(
        lambda columns, dialect, options: sa.cast(columns[0].op("<->")(columns[1]), sa.Double()), _numbers
    ),
)
