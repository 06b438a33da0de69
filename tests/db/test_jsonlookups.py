"""What queries look for inside of JSON."""

from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from spruce import db
from spruce.db.documents import Document
from spruce.db.jsonlookups import JSON_LOOKUPS, JSONValue, missing_in, text_of
from spruce.errors import FieldError

pytestmark = pytest.mark.parametrize("backend", ["sqlite", "postgresql", "mariadb"], indirect=True)


ROWS: dict[str, Any] = {
    "dict": {"a": 1, "b": {"c": ["x", 2, None]}, "s": "Hello", "t": True, "n": None, "odd key'": "odd"},
    "list": [1, [2], {"k": "v"}],
    "text": "true",
    "true": True,
    "five": 5,
    "one": 1.0,
    "nothing": None,
    "null": db.JSONNull(),
    "other": {"a": 10, "s": "hi", "t": False},
}


class Doc(db.Model):
    name = db.CharField(max_length=10)
    data = db.JSONField(null=True)
    parent = db.ForeignKey("self", on_delete=db.CASCADE, null=True, related_name="children")

    class Meta:
        db_table = "t_doc"


@pytest.fixture(autouse=True)
def rows() -> None:
    db.create_all(models=[Doc])
    for name, data in ROWS.items():
        Doc.objects.create(name=name, data=data)


def names(query: Any) -> list[str]:
    return list(query.order_by("id").values_list("name", flat=True))


@pytest.mark.parametrize(
    ("keywords", "found"),
    [
        ({"data__a": 1}, ["dict"]),
        ({"data__a": 1.0}, ["dict"]),
        ({"data__a": "1"}, []),
        ({"data__a": True}, []),
        ({"data__t": True}, ["dict"]),
        ({"data__t": 1}, []),
        ({"data__n": None}, ["dict"]),
        ({"data__n__isnull": False}, ["dict"]),
        ({"data__a__isnull": True}, ["list", "text", "true", "five", "one", "nothing", "null"]),
        ({"data__b__c__0": "x"}, ["dict"]),
        ({"data__b__c__2": None}, ["dict"]),
        ({"data__b__c": ["x", 2, None]}, ["dict"]),
        ({"data__b": {"c": ["x", 2, None]}}, ["dict"]),
        ({"data__odd key'": "odd"}, ["dict"]),
        ({"data__0": 1}, ["list"]),
        ({"data__1": [2]}, ["list"]),
        ({"data__2__k": "v"}, ["list"]),
        ({"data": [1, [2], {"k": "v"}]}, ["list"]),
        ({"data": "true"}, ["text"]),
        ({"data": True}, ["true"]),
        ({"data": 1}, ["one"]),
        ({"data": None}, ["null"]),
        ({"data__isnull": True}, ["nothing"]),
        ({"data__a__gt": 5}, ["other"]),
        ({"data__a__lte": 10.5}, ["dict", "other"]),
        ({"data__s__gt": "a"}, ["other"]),
        ({"data__a__range": (5, 20)}, ["other"]),
        ({"data__a__in": [1, 10, "x"]}, ["dict", "other"]),
        ({"data__in": [[1, [2], {"k": "v"}], 5]}, ["list", "five"]),
        ({"data__in": []}, []),
        ({"data__has_key": "a"}, ["dict", "other"]),
        ({"data__b__has_key": "c"}, ["dict"]),
        ({"data__has_keys": ["a", "b"]}, ["dict"]),
        ({"data__has_any_keys": ["b", "zz"]}, ["dict"]),
        ({"data__contains": {"a": 1}}, ["dict"]),
        ({"data__contains": [[2], 1]}, ["list"]),
        ({"data__b__contains": {"c": ["x"]}}, ["dict"]),
        ({"data__contained_by": {"a": 10, "s": "hi", "t": False, "x": 1}}, ["other"]),
        ({"data__s__icontains": "HEL"}, ["dict"]),
        ({"data__s__startswith": "h"}, ["other"]),
        ({"data__s__iexact": "hello"}, ["dict"]),
    ],
)
def test_filters(keywords: dict[str, Any], found: list[str]) -> None:
    """Numbers, texts, truth values and null are told from each other, at any depth."""
    assert names(Doc.objects.filter(**keywords)) == found


def test_exclude_keeps_what_has_no_such_key() -> None:
    """As it keeps rows without a value."""
    assert names(Doc.objects.exclude(data__a=1)) == [name for name in ROWS if name != "dict"]
    assert names(Doc.objects.exclude(data__a__isnull=True)) == ["dict", "other"]
    assert names(Doc.objects.filter(~db.Q(data__a__gt=5) & db.Q(data__has_key="a"))) == ["dict"]


def test_conditions_of_conditions() -> None:
    """Lists and dicts are values inside of Q and of When too."""
    assert names(Doc.objects.filter(db.Q(data__b={"c": ["x", 2, None]}) | db.Q(data=5))) == ["dict", "five"]
    case = db.Case(db.When(data__t=True, then=db.Value("yes")), default=db.Value("no"))
    assert names(Doc.objects.annotate(said=case).filter(said="yes")) == ["dict"]


def test_what_is_inside_is_read_ordered_and_computed_with() -> None:
    """With its own type; in functions as text."""
    ordered = Doc.objects.filter(data__has_key="a").order_by("-data__a")
    assert list(ordered.values_list("data__a", "data__b__c", "data__t")) == [
        (10, None, False),
        (1, ["x", 2, None], True),
    ]
    assert list(ordered.annotate(loud=db.Upper("data__s")).values_list("loud", flat=True)) == ["HI", "HELLO"]
    assert names(Doc.objects.annotate(x=db.F("data__b")).filter(x__c__1=2)) == ["dict"]
    assert ordered.aggregate(total=db.Sum(db.Cast("data__a", db.IntegerField()))) == {"total": 11}
    assert names(Doc.objects.filter(data__a=db.F("data__a"))) == ["dict", "other"]


def test_paths_cross_relations() -> None:
    """Names of relations come first."""
    child = Doc.objects.create(name="child", data={"a": [1]}, parent=Doc.objects.get(name="dict"))
    assert Doc.objects.get(parent__data__b__c__0="x") == child
    assert names(Doc.objects.filter(children__data__a=[1])) == ["dict"]


@pytest.mark.parametrize(
    ("keywords", "message"),
    [
        ({"data__a__range": [1]}, "data__a__range: the lookup 'range' takes a pair of values"),
        ({"data__a": Doc.objects.all()},
         "data__a cannot be compared with a query or an object. It takes what JSON can say."),
        ({"name": {"a": 1}}, "name cannot be compared with a list. Use name__in=[…]."),
    ],
)  # fmt: skip
def test_what_cannot_be_compared(keywords: dict[str, Any], message: str) -> None:
    """Says so."""
    with pytest.raises(FieldError) as refused:
        Doc.objects.filter(**keywords).exists()
    assert str(refused.value) == message


def test_on_postgresql_it_is_jsonb_with_its_operators() -> None:
    """So that its indexes serve."""

    def text(element: Any) -> str:
        return str(element.compile(dialect=postgresql.dialect(), compile_kwargs={"literal_binds": True}))

    column = JSONValue(sa.column("data", Document()), ("a", 0))
    one: Any = sa.literal_column("p", Document())

    def of(lookup: str, value: Any = one) -> str:
        compare: Any = JSON_LOOKUPS[lookup]
        return text(compare(column, value, "postgresql"))

    assert of("exact") == """(data #> '{"a","0"}') = p"""
    assert of("gt") == """(data #> '{"a","0"}') > p"""
    assert of("contains") == """(data #> '{"a","0"}') @> p"""
    assert of("has_key") == """(data #> '{"a","0"}') ? p"""
    assert of("in", [one, one]) == """(data #> '{"a","0"}') = p OR (data #> '{"a","0"}') = p"""
    assert text(text_of(column, "postgresql")) == """data #>> '{"a","0"}'"""
    assert text(missing_in(column, "postgresql")) == """(data #> '{"a","0"}') IS NULL"""
    assert text(column) == """(data #> '{"a","0"}')"""
