"""Search in texts, by PostgreSQL."""

from types import SimpleNamespace
from typing import Any

import pytest

from spruce import db
from spruce.db import postgres
from spruce.db.databases import current
from spruce.db.postgres import SearchHeadline, SearchQuery, SearchRank, SearchVector
from spruce.errors import DatabaseError, FieldError

BACKENDS = ["postgresql", "psycopg"]


class Page(db.Model):
    title = db.CharField(max_length=50)
    body = db.TextField(null=True)
    words = db.GeneratedField(
        expression=SearchVector("title", weight="A", config="english") + SearchVector("body", config="english"),
        output_field=postgres.SearchVectorField(),
        db_persist=True,
    )

    class Meta:
        db_table = "t_page"
        indexes = (postgres.GinIndex(fields=["words"]),)


PRIVATE = [db.registry.models.pop(Page._meta.db_table)]  # only a PostgreSQL can have its table


@pytest.fixture
def pages(shop: SimpleNamespace) -> Any:
    Page.objects.create(title="Bears", body="The bear is eating honey; it's sweet")
    Page.objects.create(title="Cars", body="Cars that bears can drive")
    Page.objects.create(title="Nothing")
    return Page.objects


def titles(query: Any) -> list[str]:
    return list(query.values_list("title", flat=True))


def test_a_lookup_of_texts(pages: Any) -> None:
    """Finds words in any form and order."""
    assert titles(pages.filter(body__search="eat bears").order_by("pk")) == ["Bears"]
    assert titles(pages.exclude(body__search="bear").order_by("pk")) == ["Nothing"]


def test_vectors_and_queries(pages: Any) -> None:
    """Made in the query, or kept in a column with an index."""
    found = pages.annotate(both=SearchVector("title", "body")).filter(both="bear")
    assert titles(found.order_by("pk")) == ["Bears", "Cars"]
    assert titles(pages.filter(words=SearchQuery("bears", config="english")).order_by("pk")) == ["Bears", "Cars"]
    assert titles(pages.filter(words__search="honey")) == ["Bears"]
    either = SearchQuery("honey") | SearchQuery("drive")
    assert titles(pages.filter(words=either).order_by("pk")) == ["Bears", "Cars"]
    assert titles(pages.filter(words=SearchQuery("bear") & ~SearchQuery("honey"))) == ["Cars"]
    assert titles(pages.filter(words=SearchQuery('"drive bears"', search_type="websearch"))) == []
    assert titles(pages.filter(words=SearchQuery("eating honey", search_type="phrase", config="english"))) == ["Bears"]
    assert titles(pages.filter(words=SearchQuery("hon:*", search_type="raw"))) == ["Bears"]


def test_ranks_and_headlines(pages: Any) -> None:
    """A word in the title counts for more; what was found is marked."""
    query = SearchQuery("bears", config="english")
    ranked = pages.annotate(rank=SearchRank(db.F("words"), query)).filter(rank__gt=0).order_by("-rank")
    assert titles(ranked) == ["Bears", "Cars"]
    light = pages.annotate(rank=SearchRank(db.F("words"), query, weights=[0.1, 0.1, 0.1, 0.1], normalization=2))
    assert 0 < light.get(pk=2).rank < 0.1
    dense = pages.annotate(rank=SearchRank(SearchVector("body"), SearchQuery("bear"), cover_density=True))
    assert dense.get(pk=1).rank > dense.get(pk=3).rank == 0
    marked = pages.annotate(text=SearchHeadline("body", query, config="english", start_sel="<b>", stop_sel="</b>"))
    assert marked.get(pk=1).text == "The <b>bear</b> is eating honey; it's sweet"


def test_what_is_alike(pages: Any) -> None:
    """By groups of three letters, of the extension pg_trgm."""
    try:
        db.execute("CREATE EXTENSION pg_trgm")
    except DatabaseError:
        pytest.skip("this PostgreSQL has no pg_trgm")
    found = pages.annotate(alike=postgres.TrigramSimilarity("title", "Baers")).order_by("-alike")
    assert found[0].title == "Bears"
    assert titles(pages.filter(title__trigram_similar="Bear")) == ["Bears"]
    far = pages.annotate(far=postgres.TrigramDistance("title", "Cars")).order_by("far")
    assert (far[0].title, far[0].far) == ("Cars", 0)
    word = pages.annotate(word=postgres.TrigramWordSimilarity("body", "honey")).order_by("-word", "pk")
    assert word.exclude(body=None)[0].title == "Bears"


def test_names_are_never_sql(pages: Any) -> None:
    """Configurations and weights are checked."""
    with pytest.raises(FieldError, match="is no name of a text search configuration"):
        SearchVector("title", config="english'); DROP")
    with pytest.raises(FieldError, match="weights are A, B, C and D"):
        SearchVector("title", weight="x")
    with pytest.raises(FieldError, match="types are plain, phrase, raw, websearch"):
        SearchQuery("a", search_type="odd")
    with pytest.raises(FieldError, match=r"SearchHeadline\(\) has no option 'startsel'"):
        SearchHeadline("body", "a", startsel="x")
    assert current()["default"].dialect.name == "postgresql"


@pytest.mark.sqlite
def test_other_databases_say_so() -> None:
    """With what there is instead."""
    for query in (
        lambda: Page.objects.filter(body__search="a").exists(),
        lambda: Page.objects.annotate(rank=SearchRank("title", "a")).first(),
    ):
        with pytest.raises(FieldError, match=r"needs PostgreSQL\. Elsewhere, `icontains` finds texts in texts"):
            query()
