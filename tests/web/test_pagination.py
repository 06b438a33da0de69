"""Pages of lists and of queries."""

from typing import Any

import pytest

from spruce.errors import NotFound
from spruce.web import App, paginate
from spruce.web.pagination import Pagination


class Query:
    """Counts and slices as a QuerySet does."""

    def count(self) -> int:
        return 45

    def __getitem__(self, part: slice) -> range:
        return range(45)[part]


@pytest.mark.parametrize("items", [list(range(45)), Query()])
def test_a_page_of_a_list_or_a_query(items: Any) -> None:
    """With what a template needs to go on."""
    page = paginate(items, 2)
    assert (list(page), len(page), page.total, page.pages) == (list(range(20, 40)), 20, 45, 3)
    assert (page.has_prev, page.prev_num, page.has_next, page.next_num) == (True, 1, True, 3)
    assert (page.first, page.last, repr(page)) == (21, 40, "<Pagination page 2 of 3, 45 items>")
    last = paginate(items, 3)
    assert (len(last), last.has_next, last.next_num, last.last) == (5, False, None, 45)


def test_nothing_is_one_empty_page() -> None:
    """And not an error."""
    page = paginate([], 1)
    assert (page.items, page.pages, page.has_prev, page.has_next, page.first, page.last) == ([], 0, False, False, 0, 0)


@pytest.mark.parametrize(
    ("query", "first", "count"),
    [("", 0, 20), ("?page=2", 20, 20), ("?page=2&per_page=5", 5, 5), ("?per_page=1000", 0, 30), ("?page=", 0, 20)],
)
def test_the_page_is_that_of_the_query_string(query: str, first: int, count: int) -> None:
    """And how many are on it, up to a limit."""
    with App(__name__).test_request_context(f"/{query}"):
        page = paginate(range(100), max_per_page=30)
    assert (page.items[0], len(page)) == (first, count)


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("?page=6", "There is no page 6; there are 5."),
        ("?page=0", "There is no page '0'."),
        ("?page=x", "There is no page 'x'."),
        (f"?page={'9' * 5000}", f"There is no page {'9' * 5000!r}."),
        ("?per_page=-1", "There is no per_page '-1'."),
    ],
)
def test_a_page_that_is_none_is_not_found(query: str, text: str) -> None:
    """Unless the nearest will do."""
    with App(__name__).test_request_context(f"/{query}"):
        with pytest.raises(NotFound) as caught:
            paginate(range(100))
        assert caught.value.description == text
        assert paginate(range(100), error_out=False).page in (1, 5)


@pytest.mark.parametrize(
    ("page", "pages", "numbers"),
    [
        (1, 1, [1]),
        (1, 10, [1, 2, 3, None, 9, 10]),
        (5, 10, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]),
        (10, 20, [1, 2, None, 8, 9, 10, 11, 12, None, 19, 20]),
        (20, 20, [1, 2, None, 18, 19, 20]),
    ],
)
def test_the_numbers_to_show_have_gaps(page: int, pages: int, numbers: list[int | None]) -> None:
    """None stands for dots, but never for a single page."""
    assert list(Pagination([], page, 1, pages).iter_pages()) == numbers
