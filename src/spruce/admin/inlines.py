"""Inlines: rows of another model that point to the object of a page, and are changed together with it."""

from collections.abc import Sequence
from typing import Any

from spruce import forms
from spruce.admin.formoptions import FormOptions
from spruce.errors import AdminError
from spruce.forms.errors import ErrorDict
from spruce.forms.modelformsets import foreign_key

__all__ = ["InlineModelAdmin", "StackedInline", "TabularInline"]


class InlineModelAdmin(FormOptions):
    """Rows of another model that point to the object of a page, which are changed together with it."""

    template = "admin/inline_tabular.html"
    formset: Any = forms.BaseInlineFormSet
    fk_name: str | None = None
    extra = 1
    min_num = 0
    max_num: int | None = None
    can_delete = True
    show_change_link = False
    classes: Sequence[str] = ()
    verbose_name: Any = ""
    verbose_name_plural: Any = ""

    def __init__(self, parent_model: Any, admin_site: Any) -> None:
        if self.model is None:
            raise AdminError(f"{type(self).__name__} has no model", hint="Write: model = OrderLine.")
        self.parent_model = parent_model
        self.admin_site = admin_site
        self.fk = foreign_key(parent_model, self.model, self.fk_name)
        plural = self.verbose_name_plural or self.model._meta.verbose_name_plural
        self.title = str(plural)[:1].upper() + str(plural)[1:]

    def get_fields(self, request: Any, obj: Any = None) -> list[Any]:
        """The fields in their order, without that which points to the object."""
        return [name for name in super().get_fields(request, obj) if name != self.fk.name]

    def get_extra(self, request: Any, obj: Any = None) -> int:
        """How many empty rows there are."""
        return self.extra

    def get_min_num(self, request: Any, obj: Any = None) -> int:
        """How many rows there must be."""
        return self.min_num

    def get_max_num(self, request: Any, obj: Any = None) -> int | None:
        """How many rows there may be; None is a thousand."""
        return self.max_num

    @property
    def is_collapsed(self) -> bool:
        """Whether it is shown by its title at first."""
        return "collapse" in self.classes

    def change_url(self, request: Any, obj: Any) -> str:
        """The page of a row, if `show_change_link` wants it and the model is in the admin; "" otherwise."""
        admin = self.admin_site.admin_of(self.model) if self.show_change_link and obj.pk is not None else None
        if admin is None or not admin.has_view_permission(request, obj):
            return ""
        return str(self.admin_site.url(admin, "change", key=obj.pk))

    def get_formset(self, request: Any, obj: Any = None, **options: Any) -> Any:
        """The class of formsets, as far as who asks may add, change and delete rows.

        The options are those of `inlineformset_factory`, and stand for what the class says; rights stay what they are.
        """
        changes = self.has_change_permission(request, obj)
        adds = self.has_add_permission(request, obj)
        own = {name: options.pop(name) for name in ("form", "fields", "exclude") if name in options}
        form: Any = self.get_form(request, obj, **(own if changes or adds else {**own, "fields": ()}))
        if not changes:
            form = type(form.__name__, (_Kept, form), {})
        said = {
            "formset": self.formset,
            "extra": self.get_extra(request, obj),
            "min_num": self.get_min_num(request, obj),
            "max_num": self.get_max_num(request, obj),
            "can_delete": self.can_delete,
            "fk_name": self.fk.name,
            **options,
        }
        if not adds:
            said |= {"extra": 0, "min_num": 0, "max_num": 0}
        said["can_delete"] = said["can_delete"] and self.has_delete_permission(request, obj)
        return forms.inlineformset_factory(self.parent_model, self.model, form=form, **said)


class _Kept:
    """A row that stays as it is if it is there already, whatever was sent: who sends it may add rows only."""

    def has_changed(self) -> bool:
        """Whether it is a new row with something in it."""
        form: Any = self
        return form.instance.pk is None and super().has_changed()  # type: ignore[misc] # the form's

    def full_clean(self) -> None:
        """Find nothing wrong with a row that stays."""
        form: Any = self
        super().full_clean()  # type: ignore[misc] # the form's
        if form.is_bound and form.instance.pk is not None:
            form._errors = ErrorDict(renderer=form.renderer)


class TabularInline(InlineModelAdmin):
    """An inline with a line for each row."""


class StackedInline(InlineModelAdmin):
    """An inline with a block for each row."""

    template = "admin/inline_stacked.html"
