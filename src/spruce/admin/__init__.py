"""The admin: lists, pages and histories of an app's models, made of them; names are Django's.

`INSTALLED_APPS=["spruce.auth", "spruce.admin"]` puts it below `/admin`; `admin.site.register(Product)` shows a model.
"""

from spruce.admin.changelist import ShowFacets
from spruce.admin.decorators import action, display, register
from spruce.admin.fieldfilters import (
    AllValuesFieldListFilter,
    BooleanFieldListFilter,
    ChoicesFieldListFilter,
    DateFieldListFilter,
    EmptyFieldListFilter,
    FieldListFilter,
    NumberRangeFilter,
    RelatedFieldListFilter,
    RelatedOnlyFieldListFilter,
)
from spruce.admin.filters import ListFilter, SimpleListFilter
from spruce.admin.formoptions import HORIZONTAL, VERTICAL
from spruce.admin.inlines import InlineModelAdmin, StackedInline, TabularInline
from spruce.admin.options import ModelAdmin
from spruce.admin.site import AdminSite, site

__all__ = [
    "HORIZONTAL",
    "VERTICAL",
    "AdminSite",
    "AllValuesFieldListFilter",
    "BooleanFieldListFilter",
    "ChoicesFieldListFilter",
    "DateFieldListFilter",
    "EmptyFieldListFilter",
    "FieldListFilter",
    "InlineModelAdmin",
    "ListFilter",
    "ModelAdmin",
    "NumberRangeFilter",
    "RelatedFieldListFilter",
    "RelatedOnlyFieldListFilter",
    "ShowFacets",
    "SimpleListFilter",
    "StackedInline",
    "TabularInline",
    "action",
    "display",
    "register",
    "site",
]
