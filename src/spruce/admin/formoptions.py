"""What ModelAdmin and inlines share: the fields of a form, how they are asked for, and who may do what."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from spruce import db, forms
from spruce.admin.autocomplete import widget_for
from spruce.admin.pickers import KeysWidget, KeyWidget, PickerWidget
from spruce.auth.permissions import label_of, permission_name
from spruce.errors import AdminError, nearest
from spruce.forms.mapping import formfield, is_editable
from spruce.forms.media import MediaDefiningClass
from spruce.i18n import gettext

__all__ = ["HORIZONTAL", "VERTICAL", "FormOptions"]

HORIZONTAL, VERTICAL = 1, 2
"""How the buttons of `radio_fields` stand."""


class FormOptions(metaclass=MediaDefiningClass):
    """What ModelAdmin and inlines share: the fields of a form, and who may do what."""

    model: Any = None
    fields: Sequence[Any] | None = None
    exclude: Sequence[str] | None = None
    fieldsets: Sequence[Any] | None = None
    form: Any = forms.ModelForm
    readonly_fields: Sequence[Any] = ()
    ordering: Sequence[str] = ()
    formfield_overrides: dict[type, dict[str, Any]] = {}  # noqa: RUF012 - it is replaced, never changed
    radio_fields: Mapping[str, int] | Sequence[str] = ()
    prepopulated_fields: dict[str, Sequence[str]] = {}  # noqa: RUF012 - it is replaced, never changed
    filter_horizontal: Sequence[str] = ()
    filter_vertical: Sequence[str] = ()
    raw_id_fields: Sequence[str] = ()
    autocomplete_fields: Sequence[str] = ()
    empty_value_display: Any = None
    admin_site: Any = None

    def get_empty_value_display(self) -> Any:
        """What is shown for nothing: the site's unless said."""
        return self.admin_site.empty_value_display if self.empty_value_display is None else self.empty_value_display

    def label(self) -> str:
        """The part of the program that the model belongs to."""
        return label_of(self.model)

    def _may(self, request: Any, action: str) -> bool:
        return bool(request.user.has_perm(permission_name(action, self.model)))

    def has_view_permission(self, request: Any, obj: Any = None) -> bool:
        """Whether who asks may see objects, or this one; who may change them may."""
        return self._may(request, "view") or self._may(request, "change")

    def has_change_permission(self, request: Any, obj: Any = None) -> bool:
        """Whether who asks may change objects, or this one."""
        return self._may(request, "change")

    def has_add_permission(self, request: Any, obj: Any = None) -> bool:
        """Whether who asks may add objects; to an inline's rows, that of the page is given too."""
        return self._may(request, "add")

    def has_delete_permission(self, request: Any, obj: Any = None) -> bool:
        """Whether who asks may delete objects, or this one."""
        return self._may(request, "delete")

    def has_field_permission(self, request: Any, name: str, obj: Any = None, action: str = "change") -> bool:
        """Whether who asks may `view` or `change` a field.

        Who may not change it sees it as it is. Who may not view it finds it nowhere: not on pages, in lists, filters,
        the search, exports or the history.
        """
        return True

    def may_see_field(self, request: Any, name: Any, obj: Any = None) -> bool:
        """Whether an entry of `fields`, `list_display` or the like may be shown; a path asks each model's admin."""
        admin: Any = self
        for part in name.lstrip("-^=@").split("__") if isinstance(name, str) else ():
            meta = admin.model._meta
            field = meta.paths.get(part) or meta.many.get(part)
            if field is None:
                return True
            if not admin.has_field_permission(request, part, obj, "view"):
                return False
            admin, obj = self.admin_site.admin_of(getattr(field, "target", None)), None
            if admin is None:
                return True
        return True

    def fixed_fields(self, request: Any, obj: Any = None) -> set[Any]:
        """What is only shown: read-only fields, and those that who asks may not change."""
        fixed = set(self.get_readonly_fields(request, obj))
        names = [*(field.name for field in self.model._meta.fields), *self.model._meta.many]
        return fixed | {name for name in names if not self.has_field_permission(request, name, obj)}

    def shown_fieldsets(self, request: Any, obj: Any = None) -> list[tuple[Any, dict[str, Any]]]:
        """The groups of fields with what who asks may see."""
        made = []
        for title, options in self.get_fieldsets(request, obj):
            lines = []
            for entry in options["fields"]:
                names = [entry] if not isinstance(entry, list | tuple) else list(entry)
                seen = [name for name in names if self.may_see_field(request, name, obj)]
                lines += [seen] if seen else []
            made.append((title, {**options, "fields": lines}))
        return [(title, options) for title, options in made if options["fields"]]

    def get_queryset(self, request: Any) -> Any:
        """The objects that there are for who asks; all others don't exist for them."""
        return self.model._default.all()

    def get_ordering(self, request: Any) -> Sequence[str]:
        """The order of the list."""
        return self.ordering

    def get_readonly_fields(self, request: Any, obj: Any = None) -> Sequence[Any]:
        """What is only shown."""
        return self.readonly_fields

    def get_exclude(self, request: Any, obj: Any = None) -> Sequence[str]:
        """What is not shown at all."""
        return self.exclude or ()

    def get_fields(self, request: Any, obj: Any = None) -> list[Any]:
        """The fields in their order, in groups that share a line where some are in a tuple."""
        if self.fields is not None:
            return list(self.fields)
        left_out = set(self.get_exclude(request, obj))
        meta = self.model._meta
        names = [each.name for each in (*meta.fields, *meta.many.values()) if is_editable(each)]
        usable = [name for name in names if name not in left_out and self._formfield(meta, name) is not None]
        return [*usable, *(name for name in self.get_readonly_fields(request, obj) if name not in usable)]

    def _formfield(self, meta: Any, name: str) -> Any:
        field = meta.paths.get(name) or meta.many[name]
        return formfield(field)

    def get_fieldsets(self, request: Any, obj: Any = None) -> list[tuple[Any, dict[str, Any]]]:
        """Groups of fields, each with a title or None."""
        if self.fieldsets:
            return [(name, dict(options)) for name, options in self.fieldsets]
        return [(None, {"fields": self.get_fields(request, obj)})]

    # ---- the fields of forms ----------------------------------------------------------------------------------------

    def formfield_for_dbfield(self, db_field: Any, request: Any = None, **options: Any) -> Any:
        """The field of the form for a field of the model; relations and choices go on to hooks of their own."""
        relates = isinstance(db_field, db.ManyToManyField) or db_field.is_relation
        if not relates and db_field.choices:
            return self.formfield_for_choice_field(db_field, request, **options)
        for kind in type(db_field).__mro__:
            if kind in self.formfield_overrides:
                options = {**self.formfield_overrides[kind], **options}
                break
        if isinstance(db_field, db.ManyToManyField):
            return self.formfield_for_manytomany(db_field, request, **options)
        if db_field.is_relation:
            return self.formfield_for_foreignkey(db_field, request, **options)
        return formfield(db_field, **options)

    def formfield_for_choice_field(self, db_field: Any, request: Any = None, **options: Any) -> Any:
        """The field of the form for a field with choices."""
        if db_field.name in self.radio_fields:
            options.setdefault("widget", self._radio(db_field.name))
            if db_field.blank and "choices" not in options:
                options["choices"] = [("", gettext("None")), *db_field.choices]
        return formfield(db_field, **options)

    def formfield_for_foreignkey(self, db_field: Any, request: Any = None, **options: Any) -> Any:
        """The field of the form for a foreign key; `queryset` among the options is what can be chosen."""
        name = db_field.name
        if "widget" not in options:
            if name in self.raw_id_fields:
                options["widget"] = KeyWidget(self, db_field)
            elif name in self.get_autocomplete_fields(request):
                options["widget"] = widget_for(self, db_field)
            elif name in self.radio_fields:
                options["widget"] = self._radio(name)
                options.setdefault("empty_label", gettext("None") if db_field.blank else None)
        if "queryset" not in options:
            query = self.get_field_queryset(db_field, request)
            if query is not None:
                options["queryset"] = query
        return formfield(db_field, **options)

    def formfield_for_manytomany(self, db_field: Any, request: Any = None, **options: Any) -> Any:
        """The field of the form for a many-to-many field, None for one with rows in between of the program's own."""
        if not db_field.made:
            return None
        name = db_field.name
        if "widget" not in options:
            if name in self.raw_id_fields:
                options["widget"] = KeysWidget(self, db_field)
            elif name in (*self.filter_horizontal, *self.filter_vertical):
                options["widget"] = PickerWidget(name in self.filter_vertical)
        if "queryset" not in options:
            query = self.get_field_queryset(db_field, request)
            if query is not None:
                options["queryset"] = query
        return formfield(db_field, **options)

    def get_field_queryset(self, db_field: Any, request: Any) -> Any:
        """What a relation offers: its model's rows in the order of their ModelAdmin; None for the usual one."""
        other = self.admin_site.admin_of(db_field.target)
        ordering = other.get_ordering(request) if other is not None else ()
        return db_field.target._default.order_by(*ordering) if ordering else None

    def get_autocomplete_fields(self, request: Any) -> Sequence[str]:
        """The foreign keys that are typed in."""
        return self.autocomplete_fields

    def get_prepopulated_fields(self, request: Any, obj: Any = None) -> dict[str, Sequence[str]]:
        """The fields that others fill as people type, with the names of those."""
        return self.prepopulated_fields

    def _radio(self, name: str) -> Any:
        across = isinstance(self.radio_fields, Mapping) and self.radio_fields[name] == HORIZONTAL
        return forms.RadioSelect(attrs={"class": "radios across" if across else "radios"})

    def flat_fields(self, request: Any, obj: Any = None) -> list[Any]:
        """The fields of all groups."""
        flat: list[Any] = []
        for _, options in self.shown_fieldsets(request, obj):
            for line in options["fields"]:
                flat += line
        return flat

    def get_form(
        self,
        request: Any,
        obj: Any = None,
        change: bool = False,
        *,
        fields: Iterable[str] | None = None,
        form: Any = None,
        **options: Any,
    ) -> Any:
        """The class of forms; it writes the named fields only, those that are not read-only unless given.

        `form` stands for that of the class; the other options are those of `modelform_factory`.
        """
        readonly, kind = self.fixed_fields(request, obj), form or self.form
        if fields is None:
            fields = [name for name in self.flat_fields(request, obj) if isinstance(name, str) and name not in readonly]
        left_out = {*self.get_exclude(request, obj), *(options.pop("exclude", None) or ())}
        wanted = tuple(name for name in fields if name not in left_out)
        self._check(wanted, getattr(kind, "declared_fields", {}))

        def callback(field: Any, **more: Any) -> Any:
            return self.formfield_for_dbfield(field, request, **more)

        own = [name for name in wanted if name in self.model._meta.paths or name in self.model._meta.many]
        options.setdefault("formfield_callback", callback)
        return forms.modelform_factory(self.model, form=kind, fields=own, **options)

    def _check(self, names: Iterable[str], declared: Any) -> None:
        meta = self.model._meta
        for name in names:
            if name not in meta.paths and name not in meta.many and name not in declared:
                raise AdminError(
                    f"{type(self).__name__} has the field {name!r}, which {self.model.__name__} has not"
                    f"{nearest(name, [*meta.paths, *meta.many])}",
                    hint="A method belongs into readonly_fields too.",
                )
