"""Pages without an app: numbers."""

from typing import Any

import pytest

from spruce.alchemy.pagination import Pagination
from spruce.errors import NotFound


class Letters(Pagination):
    """Pages of the letters."""

    def _find(self) -> list[Any]:
        return list("abcdefghijk"[self._start : self._start + self.per_page])

    def _count(self) -> int:
        return 11


def test_pages_have_numbers() -> None:
    """For links to the next, the previous, the first and the last."""
    page = Letters(page=2, per_page=3)
    assert (page.items, page.first, page.last, page.pages, page.total) == (["d", "e", "f"], 4, 6, 4, 11)
    assert (page.has_prev, page.prev_num, page.has_next, page.next_num) == (True, 1, True, 3)
    assert (list(page.next()), list(page.prev())) == (["g", "h", "i"], ["a", "b", "c"])
    last = Letters(page=4, per_page=3)
    assert (last.has_next, last.next_num, last.last, Letters(page=1).has_prev) == (False, None, 11, False)


@pytest.mark.parametrize(
    ("page", "numbers"),
    [
        (1, [1, 2, 3, 4, 5, None, 10, 11]),
        (6, [1, 2, None, 4, 5, 6, 7, 8, 9, 10, 11]),
        (11, [1, 2, None, 9, 10, 11]),
    ],
)
def test_links(page: int, numbers: list[int | None]) -> None:
    """None stands for those that are left out."""
    assert list(Letters(page=page, per_page=1).iter_pages()) == numbers


def test_pages_that_are_not_there() -> None:
    """Are 404, or the first if that is wanted."""
    for page, per_page in ((9, 3), (0, 3), (1, 0)):
        with pytest.raises(NotFound):
            Letters(page=page, per_page=per_page)
    assert Letters(page=0, error_out=False).page == 1
    assert Letters(page=9, per_page=3, error_out=False).items == []
    assert Letters(page=1, per_page=500, max_per_page=5).per_page == 5
    assert Letters(page=1, count=False).total is None
