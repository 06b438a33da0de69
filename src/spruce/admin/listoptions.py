"""What a ModelAdmin says about the list of its objects: columns, filters, search, pages, bulk actions, exports."""

from collections.abc import Callable, Sequence
from typing import Any

from spruce import db, forms
from spruce.admin.changelist import ChangeList, ShowFacets
from spruce.admin.formoptions import FormOptions
from spruce.admin.listediting import ListEditor
from spruce.admin.responses import is_popup
from spruce.admin.searching import search, spreads

__all__ = ["ListOptions"]


class ListOptions(FormOptions):
    """The options of a list, under Django's names."""

    list_display: Sequence[Any] = ("__str__",)
    list_display_links: Sequence[str] | None = ()
    list_filter: Sequence[Any] = ()
    search_fields: Sequence[str] = ()
    search_help_text: Any = ""
    search_globally = True
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
    actions_selection_counter = True
    date_hierarchy: str = ""
    actions: Sequence[Any] | None = ()
    export_fields: Sequence[str] = ()

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

    def searched(self, request: Any) -> list[str]:
        """The fields of `get_search_fields` that who asks may see."""
        return [name for name in self.get_search_fields(request) if self.may_see_field(request, name)]

    def get_search_results(self, request: Any, queryset: Any, search_term: str) -> tuple[Any, bool]:
        """The rows that are looked for; and whether some may be there twice, as those of tags with the same word."""
        names = self.searched(request)
        return search(queryset, names, search_term), any(spreads(self.model, name) for name in names)

    def get_changelist(self, request: Any, **options: Any) -> Any:
        """The class of lists."""
        return ChangeList

    def get_changelist_instance(self, request: Any) -> Any:
        """The list of a request, with inputs in it for who may change objects."""
        made = self.get_changelist(request)(request, self)
        if self.list_editable and self.has_change_permission(request) and not is_popup(request):
            made.editor = ListEditor(request, self, made.columns)
        return made

    def get_changelist_form(self, request: Any, **options: Any) -> Any:
        """The class of forms for a row of the list: of `list_editable`, or of `fields` if given.

        The options are those of `modelform_factory`.
        """

        def callback(field: Any, **more: Any) -> Any:
            return self.formfield_for_dbfield(field, request, show_hidden_initial=True, **more)

        said = {"form": forms.ModelForm, "fields": list(self.list_editable), "formfield_callback": callback, **options}
        return forms.modelform_factory(self.model, **said)

    def all_actions(self) -> dict[str, Callable[..., Any]]:
        """The bulk actions that there are, by name, whoever may run them; none at all if `actions` is None."""
        if self.actions is None:
            return {}
        every = [
            entry if callable(entry) else getattr(type(self), entry)
            for entry in [*self.admin_site.actions, *self.actions]
        ]
        return {getattr(function, "__name__", str(function)): function for function in every}

    def get_actions(self, request: Any) -> dict[str, tuple[Callable[..., Any], str]]:
        """The bulk actions that who asks may run, with their names for people; none at all if `actions` is None."""
        found: dict[str, tuple[Callable[..., Any], str]] = {}
        for name, function in self.all_actions().items():
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
            return [name for name in self.export_fields if self.may_see_field(request, name)]
        shown = {*self.flat_fields(request), *self.get_readonly_fields(request)} - set(self.get_exclude(request))
        fields = [field for field in self.model._meta.fields if not isinstance(field, db.BinaryField)]
        return [field.attname for field in fields if field.primary_key or field.name in shown]
