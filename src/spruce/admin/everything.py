"""The search over all models of a site: a few rows of each model that who asks may see, and the way to the rest.

Each model is asked once, for a few rows more than none; `search_globally = False` leaves a model out.
"""

from typing import Any, NamedTuple
from urllib.parse import urlencode

from spruce.admin.searching import once

__all__ = ["Found", "find_everywhere"]

MODELS = 20
"""How many models are asked."""
SHOWN = 5
_LONGEST = 200


class Found(NamedTuple):
    """The rows of one model: names with their pages, whether there are more, and the list that has all of them."""

    name: str
    rows: list[tuple[str, str]]
    has_more: bool
    list_url: str


def find_everywhere(request: Any, site: Any, text: str) -> list[Found]:
    """Look for words in each model that has search_fields, in the order in which they were registered."""
    text = text.strip()[:_LONGEST]
    if not text:
        return []
    asked = [
        admin
        for admin in site.admins()
        if admin.search_globally and admin.searched(request) and admin.has_view_permission(request)
    ]
    return [found for found in (_of_model(request, admin, text) for admin in asked[:MODELS]) if found.rows]


def _of_model(request: Any, admin: Any, text: str) -> Found:
    every = admin.get_queryset(request)
    query, doubled = admin.get_search_results(request, every, text)
    query = once(every, query) if doubled else query
    rows = list(query.order_by("-pk")[: SHOWN + 1])
    site, meta = admin.admin_site, admin.model._meta
    name = str(meta.verbose_name_plural)
    links = [(str(row), site.url(admin, "change", key=row.pk)) for row in rows[:SHOWN]]
    return Found(name[:1].upper() + name[1:], links, len(rows) > SHOWN, f"{site.url(admin)}?{urlencode({'q': text})}")
