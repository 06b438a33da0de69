"""Finding products: by category, by words in either language, in an order, page by page."""

from dataclasses import dataclass

from models import Product
from spruce import db

__all__ = ["SORTS", "Page", "find", "page_of"]

# What a visitor may sort by, and the fields that this means.
SORTS = {
    "featured": ["id"],
    "newest": ["-id"],
    "cheapest": ["price", "id"],
    "dearest": ["-price", "id"],
}


def find(words: str = "", category: str = "", sort: str = "featured") -> db.QuerySet[Product]:
    """The products of this category (empty: of all) in which every word occurs, in English or in Chinese."""
    products = Product.objects.order_by(*SORTS.get(sort, SORTS["featured"]))
    if category:
        products = products.filter(category__slug=category)
    for word in words.split()[:8]:
        products = products.filter(
            db.Q(name_en__icontains=word)
            | db.Q(name_zh__icontains=word)
            | db.Q(description_en__icontains=word)
            | db.Q(description_zh__icontains=word)
        )
    return products


@dataclass(frozen=True)
class Page:
    """One page of products. Pages count from 1; a number past the last page gives the last page."""

    items: list[Product]
    number: int
    pages: int
    total: int

    @property
    def around(self) -> list[int | None]:
        """The pages to link to: the first, the last, and those near this one; None stands for a gap."""
        near = {1, self.pages, *range(max(1, self.number - 1), min(self.pages, self.number + 1) + 1)}
        shown: list[int | None] = []
        for number in sorted(near):
            if shown and number - (shown[-1] or 0) == 2:
                shown.append(number - 1)
            elif shown and number - (shown[-1] or 0) > 2:
                shown.append(None)
            shown.append(number)
        return shown


def page_of(products: db.QuerySet[Product], number: int, size: int = 24) -> Page:
    """Cut one page out of the products."""
    total = products.count()
    pages = max(1, -(-total // size))
    number = min(max(1, number), pages)
    return Page(list(products[(number - 1) * size : number * size]), number, pages, total)
