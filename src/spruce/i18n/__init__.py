"""Translations, languages, formats and time zones: what a text or a number looks like to whom it is shown.

Texts are looked up in gettext's catalogues, which Babel makes and reads; it is loaded when the first one is needed.
"""

from spruce.i18n import timezone
from spruce.i18n.catalogues import Catalogues, catalogues_of, current_catalogue
from spruce.i18n.formats import (
    format_currency,
    format_date,
    format_datetime,
    format_number,
    format_percent,
    format_time,
    format_timedelta,
)
from spruce.i18n.languages import (
    activate,
    deactivate,
    get_language,
    languages_of,
    locale_of,
    negotiate,
    normal,
    override,
    text_direction,
)
from spruce.i18n.lazytext import LazyText
from spruce.i18n.texts import (
    gettext,
    gettext_lazy,
    ngettext,
    ngettext_lazy,
    npgettext,
    npgettext_lazy,
    pgettext,
    pgettext_lazy,
)

__all__ = [
    "Catalogues",
    "LazyText",
    "activate",
    "catalogues_of",
    "current_catalogue",
    "deactivate",
    "format_currency",
    "format_date",
    "format_datetime",
    "format_number",
    "format_percent",
    "format_time",
    "format_timedelta",
    "get_language",
    "gettext",
    "gettext_lazy",
    "languages_of",
    "locale_of",
    "negotiate",
    "ngettext",
    "ngettext_lazy",
    "normal",
    "npgettext",
    "npgettext_lazy",
    "override",
    "pgettext",
    "pgettext_lazy",
    "text_direction",
    "timezone",
]
