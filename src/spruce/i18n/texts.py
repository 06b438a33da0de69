"""gettext and its relatives: a text in the language that holds here.

A text that no catalogue has is shown as it stands in the code. Keywords fill `%(name)s` in it; without any it is left
alone, so that a `%` in it needs no second one.
"""

from typing import Any

from spruce.i18n.catalogues import current_catalogue
from spruce.i18n.lazytext import LazyText

__all__ = [
    "gettext",
    "gettext_lazy",
    "ngettext",
    "ngettext_lazy",
    "npgettext",
    "npgettext_lazy",
    "pgettext",
    "pgettext_lazy",
]


def gettext(message: str, /, **values: Any) -> str:
    """Return `message` in the language that holds here."""
    text = current_catalogue().gettext(message)
    return text % values if values else text


def ngettext(singular: str, plural: str, n: int, /, **values: Any) -> str:
    """Return the form of a text that goes with the number `n`, which it may hold as `%(num)d`."""
    return current_catalogue().ngettext(singular, plural, n) % {"num": n, **values}


def pgettext(context: str, message: str, /, **values: Any) -> str:
    """`gettext` for a word that means several things: `context` says which, as in `pgettext("month", "May")`."""
    text = current_catalogue().pgettext(context, message)
    return text % values if values else text


def npgettext(context: str, singular: str, plural: str, n: int, /, **values: Any) -> str:
    """`ngettext` with a context."""
    return current_catalogue().npgettext(context, singular, plural, n) % {"num": n, **values}


def gettext_lazy(message: str, /, **values: Any) -> LazyText:
    """Return a text that is translated when it is shown, for what is written at the top of a module."""
    return LazyText(lambda: gettext(message, **values))


def ngettext_lazy(singular: str, plural: str, n: int, /, **values: Any) -> LazyText:
    """`ngettext`, when it is shown."""
    return LazyText(lambda: ngettext(singular, plural, n, **values))


def pgettext_lazy(context: str, message: str, /, **values: Any) -> LazyText:
    """`pgettext`, when it is shown."""
    return LazyText(lambda: pgettext(context, message, **values))


def npgettext_lazy(context: str, singular: str, plural: str, n: int, /, **values: Any) -> LazyText:
    """`npgettext`, when it is shown."""
    return LazyText(lambda: npgettext(context, singular, plural, n, **values))
