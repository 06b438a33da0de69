"""English or Chinese: how a visitor switches, and the words that templates don't have in them.

Spruce finds out what the visitor reads; the Chinese for every sentence is in `locale/zh_Hans/LC_MESSAGES/messages.po`.
"""

from urllib.parse import urlencode

from spruce import Response, redirect, request
from spruce.i18n import get_language, gettext_lazy, negotiate
from spruce.middleware.locale import remember_language

__all__ = ["LANGUAGES", "PROBLEMS", "SORTS", "address", "choose", "current", "other", "switch_url"]

LANGUAGES = {"en": "English", "zh-Hans": "中文"}
SORTS = {
    "featured": gettext_lazy("Featured"),
    "newest": gettext_lazy("Newest"),
    "cheapest": gettext_lazy("Price ↑"),
    "dearest": gettext_lazy("Price ↓"),
}
PROBLEMS = {
    "name": gettext_lazy("Please tell us your name, in up to 60 characters."),
    "contact": gettext_lazy("Please give an e-mail address such as li@example.com, or a telephone number."),
    "quantity": gettext_lazy("Please choose a quantity from 1 to %(most)s."),
}


def choose() -> Response | None:
    """Before each request: `?lang=zh` is remembered in a cookie and leaves the address."""
    wanted = negotiate([request.args.get("lang", "")], LANGUAGES)
    if request.method != "GET" or wanted is None:
        return None
    return remember_language(redirect(address(lang=None)), wanted)


def current() -> str:
    """The language of this visitor, as the names of columns have it: `en` or `zh`."""
    return get_language().partition("-")[0]


def other() -> str:
    """The language that this visitor doesn't read now."""
    return next(language for language in LANGUAGES if language != get_language())


def address(**changes: object) -> str:
    """The address of this page with some of its query changed; None takes a key out."""
    query = {**request.args.to_dict(), **changes}
    kept = {key: value for key, value in query.items() if value is not None}
    return f"{request.path}?{urlencode(kept)}" if kept else request.path


def switch_url() -> str:
    """The address of this page in the other language."""
    return address(lang=other().partition("-")[0])
