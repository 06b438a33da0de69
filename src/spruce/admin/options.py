"""ModelAdmin: how a model is shown in the admin, what may be done, and by whom. Names and meaning are Django's."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from spruce import db, forms
from spruce.admin.autocomplete import widget_for
from spruce.admin.changelist import ChangeList, ShowFacets
from spruce.admin.custompages import Page, make_page, may_see
from spruce.admin.listediting import ListEditor
from spruce.admin.models import ADDITION, CHANGE, DELETION, LogEntry
from spruce.admin.searching import search
from spruce.auth.permissions import get_permission_codename, label_of, permission_name
from spruce.errors import AdminError, nearest
from spruce.forms.mapping import formfield, is_editable
from spruce.forms.modelformsets import foreign_key

__all__ = ["InlineModelAdmin", "ModelAdmin", "StackedInline", "TabularInline"]


class _Options:
    """What ModelAdmin and inlines share: the fields of a form, and who may do what."""

    model: Any = None
    fields: Sequence[Any] | None = None
    exclude: Sequence[str] | None = None
    fieldsets: Sequence[Any] | None = None
    form: Any = forms.ModelForm
    readonly_fields: Sequence[Any] = ()
    ordering: Sequence[str] = ()
    formfield_overrides: dict[type, dict[str, Any]] = {}  # noqa: RUF012 - it is replaced, never changed
    radio_fields: Sequence[str] = ()
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

    def has_add_permission(self, request: Any) -> bool:
        """Whether who asks may add objects."""
        return self._may(request, "add")

    def has_delete_permission(self, request: Any, obj: Any = None) -> bool:
        """Whether who asks may delete objects, or this one."""
        return self._may(request, "delete")

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

    def formfield_for_dbfield(self, db_field: Any, request: Any = None, **options: Any) -> Any:
        """The field of the form for a field of the model."""
        for kind in type(db_field).__mro__:
            if kind in self.formfield_overrides:
                options = {**self.formfield_overrides[kind], **options}
                break
        if db_field.name in self.radio_fields:
            options["widget"] = forms.RadioSelect
        elif db_field.name in self.autocomplete_fields:
            options["widget"] = widget_for(self, db_field)
        return formfield(db_field, **options)

    def flat_fields(self, request: Any, obj: Any = None) -> list[Any]:
        """The fields of all groups."""
        flat: list[Any] = []
        for _, options in self.get_fieldsets(request, obj):
            for entry in options["fields"]:
                flat += entry if isinstance(entry, list | tuple) else [entry]
        return flat

    def get_form(self, request: Any, obj: Any = None, fields: Iterable[str] | None = None) -> Any:
        """The class of forms; it writes the named fields only, those that are not read-only unless given."""
        readonly = {name for name in self.get_readonly_fields(request, obj) if isinstance(name, str)}
        if fields is None:
            fields = [name for name in self.flat_fields(request, obj) if isinstance(name, str) and name not in readonly]
        wanted = tuple(name for name in fields if name not in self.get_exclude(request, obj))
        declared = getattr(self.form, "declared_fields", {})
        self._check(wanted, declared)

        def callback(field: Any, **options: Any) -> Any:
            return self.formfield_for_dbfield(field, request, **options)

        own = [name for name in wanted if name in self.model._meta.paths or name in self.model._meta.many]
        return forms.modelform_factory(self.model, form=self.form, fields=own, formfield_callback=callback)

    def _check(self, names: Iterable[str], declared: Any) -> None:
        meta = self.model._meta
        for name in names:
            if name not in meta.paths and name not in meta.many and name not in declared:
                raise AdminError(
                    f"{type(self).__name__} has the field {name!r}, which {self.model.__name__} has not"
                    f"{nearest(name, [*meta.paths, *meta.many])}",
                    hint="A method belongs into readonly_fields too.",
                )


class ModelAdmin(_Options):
    """A model in the admin; a subclass says what differs from the usual.

    `list_display`, `list_display_links`, `list_filter`, `search_fields`, `ordering`, `list_per_page`, `date_hierarchy`,
    `list_select_related` and `actions` are about the list; `fields`, `fieldsets`, `exclude`, `readonly_fields`,
    `inlines`, `prepopulated_fields`, `radio_fields`, `autocomplete_fields` and `form` about the page of an object.
    """

    list_display: Sequence[Any] = ("__str__",)
    list_display_links: Sequence[str] | None = ()
    list_filter: Sequence[Any] = ()
    search_fields: Sequence[str] = ()
    search_help_text: Any = ""
    list_per_page = 100
    list_max_show_all = 200
    list_select_related: Sequence[str] | bool = ()
    list_editable: Sequence[str] = ()
    sortable_by: Sequence[str] | None = None
    show_full_result_count = True
    show_facets = ShowFacets.ALLOW
    preserve_filters = True
    actions_on_top = True
    actions_on_bottom = False
    date_hierarchy: str = ""
    actions: Sequence[Any] = ()
    inlines: Sequence[Any] = ()
    prepopulated_fields: dict[str, Sequence[str]] = {}  # noqa: RUF012 - it is replaced, never changed
    export_fields: Sequence[str] = ()

    def __init__(self, model: Any, admin_site: Any) -> None:
        self.model = model
        self.admin_site = admin_site

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self.model.__name__}>"

    def has_module_permission(self, request: Any) -> bool:
        """Whether who asks sees the model on the first page."""
        return self.has_view_permission(request) or self.has_add_permission(request)

    def get_urls(self) -> list[Page]:
        """Pages of its own behind the model's address, made by `page`; who may view objects may see them."""
        return []

    def page(self, path: str, view: Callable[..., Any], **options: Any) -> Page:
        """Return a page for `get_urls`: `self.page("report/", self.report, title="Report")`."""
        return make_page(path, view, **options)

    def page_links(self, request: Any) -> list[Page]:
        """Its own pages with a title that who asks may see, which the list links to."""
        return [page for page in self.get_urls() if page.title and "<" not in page.path and may_see(page, request)]

    # ---- the list ---------------------------------------------------------------------------------------------------

    def get_list_display(self, request: Any) -> Sequence[Any]:
        """The columns."""
        return self.list_display

    def get_list_display_links(self, request: Any, list_display: Sequence[Any]) -> Sequence[Any] | None:
        """The columns that lead to the object; () is the first one, None no column."""
        return self.list_display_links

    def get_list_filter(self, request: Any) -> Sequence[Any]:
        """The filters."""
        return self.list_filter

    def get_list_select_related(self, request: Any) -> Sequence[str] | bool:
        """The relations that are loaded with the rows; True is all foreign keys, () those among the columns."""
        return self.list_select_related

    def get_sortable_by(self, request: Any) -> Sequence[str] | None:
        """The columns that people may sort by; None is all that can be."""
        return self.sortable_by

    def get_search_fields(self, request: Any) -> Sequence[str]:
        """Where words are looked for."""
        return self.search_fields

    def get_search_results(self, request: Any, queryset: Any, search_term: str) -> tuple[Any, bool]:
        """The rows that are looked for; and whether some may be there twice, which they never are by the usual way."""
        return search(queryset, self.get_search_fields(request), search_term), False

    def get_changelist(self, request: Any, **options: Any) -> Any:
        """The class of lists."""
        return ChangeList

    def get_changelist_instance(self, request: Any) -> Any:
        """The list of a request, with inputs in it for who may change objects."""
        made = self.get_changelist(request)(request, self)
        if self.list_editable and self.has_change_permission(request):
            made.editor = ListEditor(request, self, made.columns)
        return made

    def get_changelist_form(self, request: Any, fields: Sequence[str] | None = None) -> Any:
        """The class of forms for a row of the list: `list_editable`, or some of it."""

        def callback(field: Any, **options: Any) -> Any:
            return self.formfield_for_dbfield(field, request, show_hidden_initial=True, **options)

        names = list(self.list_editable if fields is None else fields)
        return forms.modelform_factory(self.model, fields=names, formfield_callback=callback)

    def get_actions(self, request: Any) -> dict[str, tuple[Callable[..., Any], str]]:
        """The bulk actions that who asks may run, with their names for people."""
        found: dict[str, tuple[Callable[..., Any], str]] = {}
        for entry in [*self.admin_site.actions, *self.actions]:
            function = entry if callable(entry) else getattr(type(self), entry)
            name = getattr(function, "__name__", str(entry))
            needs = getattr(function, "allowed_permissions", ())
            if all(getattr(self, f"has_{permission}_permission")(request) for permission in needs):
                label = str(getattr(function, "short_description", "") or name.replace("_", " ").capitalize())
                found[name] = (
                    function,
                    label % {"verbose_name_plural": self.model._meta.verbose_name_plural} if ("%(" in label) else label,
                )
        return found

    def get_export_fields(self, request: Any) -> list[str]:
        """The fields of an export: what the page of an object may show and the key, unless `export_fields` says some.

        What is excluded from the page, or not editable and not among the read-only fields, is in no file either.
        """
        if self.export_fields:
            return list(self.export_fields)
        shown = {*self.flat_fields(request), *self.get_readonly_fields(request)} - set(self.get_exclude(request))
        fields = [field for field in self.model._meta.fields if not isinstance(field, db.BinaryField)]
        return [field.attname for field in fields if field.primary_key or field.name in shown]

    # ---- an object --------------------------------------------------------------------------------------------------

    def get_inlines(self, request: Any, obj: Any = None) -> Sequence[Any]:
        """The classes of inlines."""
        return self.inlines

    def get_object(self, request: Any, key: str) -> Any:
        """The object of a key as it stands in a URL, None where there is none for who asks."""
        try:
            return self.get_queryset(request).get(pk=self.model._meta.pk.clean(key))
        except (LookupError, ValueError, TypeError):
            return None

    def save_form(self, request: Any, form: Any, change: bool) -> Any:
        """The object of a valid form, not saved yet."""
        return form.save(commit=False)

    def save_model(self, request: Any, obj: Any, form: Any, change: bool) -> None:
        """Save the object."""
        obj.save()

    def save_related(self, request: Any, form: Any, formsets: Any, change: bool) -> None:
        """Save what the object is tied to, and the rows of inlines."""
        form.save_m2m()
        for formset in formsets:
            self.save_formset(request, form, formset, change)

    def save_formset(self, request: Any, form: Any, formset: Any, change: bool) -> None:
        """Save the rows of an inline."""
        formset.save()

    def delete_model(self, request: Any, obj: Any) -> None:
        """Delete the object."""
        obj.delete()

    def delete_queryset(self, request: Any, queryset: Any) -> None:
        """Delete the objects of a bulk action."""
        queryset.delete()

    def get_changeform_initial_data(self, request: Any) -> dict[str, str]:
        """What the page to add an object shows at first: fields that the URL names."""
        known = {*self.model._meta.paths, *self.model._meta.many}
        return {name: value for name, value in request.args.items() if name in known}

    def log(self, request: Any, obj: Any, action: str, changes: list[Any]) -> None:
        """Note what was done."""
        LogEntry.write(request.user, self.label(), obj, action, changes)

    def log_addition(self, request: Any, obj: Any, changes: list[Any]) -> None:
        """Note that an object was added."""
        self.log(request, obj, ADDITION, changes)

    def log_change(self, request: Any, obj: Any, changes: list[Any]) -> None:
        """Note that an object was changed."""
        self.log(request, obj, CHANGE, changes)

    def log_deletion(self, request: Any, obj: Any) -> None:
        """Note that an object is about to be deleted."""
        self.log(request, obj, DELETION, [])

    def permission(self, action: str) -> str:
        """The name of a permission for the model, as `has_perm` takes it."""
        return f"{self.label()}.{get_permission_codename(action, self.model)}"


class InlineModelAdmin(_Options):
    """Rows of another model that point to the object of a page, which are changed together with it."""

    template = "admin/inline_tabular.html"
    fk_name: str | None = None
    extra = 1
    min_num = 0
    max_num: int | None = None
    can_delete = True
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

    def get_formset(self, request: Any, obj: Any = None) -> Any:
        """The class of formsets, as far as who asks may add, change and delete rows."""
        changes = self.has_change_permission(request, obj)
        adds = self.has_add_permission(request)
        form = self.get_form(request, obj, None if changes or adds else ())
        most = self.max_num if adds else 0
        return forms.inlineformset_factory(
            self.parent_model,
            self.model,
            form=form,
            fk_name=self.fk.name,
            extra=self.extra if adds else 0,
            min_num=self.min_num if adds else 0,
            max_num=most,
            can_delete=self.can_delete and self.has_delete_permission(request, obj),
        )


class TabularInline(InlineModelAdmin):
    """An inline with a line for each row."""


class StackedInline(InlineModelAdmin):
    """An inline with a block for each row."""

    template = "admin/inline_stacked.html"
