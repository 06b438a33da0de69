"""ModelAdmin: how a model is shown in the admin, what may be done, and by whom. Names and meaning are Django's."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from spruce.admin import modelpages, responses
from spruce.admin.custompages import Page, make_page, may_see
from spruce.admin.deletion import forbidden_kinds, preview
from spruce.admin.listoptions import ListOptions
from spruce.admin.models import ADDITION, CHANGE, DELETION, LogEntry
from spruce.auth.permissions import get_permission_codename
from spruce.http import Response
from spruce.web import flash, redirect

__all__ = ["ModelAdmin"]


class ModelAdmin(ListOptions):
    """A model in the admin; a subclass says what differs from the usual.

    `list_display`, `list_display_links`, `list_filter`, `search_fields`, `ordering`, `list_per_page`, `date_hierarchy`,
    `list_select_related` and `actions` are about the list; `fields`, `fieldsets`, `exclude`, `readonly_fields`,
    `inlines`, `prepopulated_fields`, `radio_fields`, `autocomplete_fields` and `form` about the page of an object.
    """

    inlines: Sequence[Any] = ()
    save_as = False
    save_as_continue = True
    save_on_top = False
    view_on_site: bool | Callable[[Any], str] = True
    add_form_template: str | Sequence[str] | None = None
    change_form_template: str | Sequence[str] | None = None
    change_list_template: str | Sequence[str] | None = None
    delete_confirmation_template: str | Sequence[str] | None = None
    delete_selected_confirmation_template: str | Sequence[str] | None = None
    object_history_template: str | Sequence[str] | None = None
    popup_response_template: str | None = None

    def __init__(self, model: Any, admin_site: Any) -> None:
        self.model = model
        self.admin_site = admin_site

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self.model.__name__}>"

    def has_module_permission(self, request: Any) -> bool:
        """Whether who asks sees the model on the first page."""
        return self.has_view_permission(request) or self.has_add_permission(request)

    def get_model_perms(self, request: Any) -> dict[str, bool]:
        """Whether who asks may `add`, `change`, `delete` and `view` objects."""
        return {
            "add": self.has_add_permission(request),
            "change": self.has_change_permission(request),
            "delete": self.has_delete_permission(request),
            "view": self.has_view_permission(request),
        }

    def get_urls(self) -> list[Page]:
        """Pages of its own behind the model's address, made by `page`; who may view objects may see them."""
        return []

    def page(self, path: str, view: Callable[..., Any], **options: Any) -> Page:
        """Return a page for `get_urls`: `self.page("report/", self.report, title="Report")`."""
        return make_page(path, view, **options)

    def page_links(self, request: Any) -> list[Page]:
        """Its own pages with a title that who asks may see, which the list links to."""
        return [page for page in self.get_urls() if page.title and "<" not in page.path and may_see(page, request)]

    # ---- its pages: what each answers, after asking who may; `extra_context` goes into the template ----------------

    def changelist_view(self, request: Any, extra_context: dict[str, Any] | None = None) -> Any:
        """The list, a bulk action, or rows that are saved."""
        return modelpages.changelist(self, request, extra_context)

    def changeform_view(
        self, request: Any, object_id: Any = None, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> Any:
        """The page of an object, or of a new one; `form_url` is where it is sent, the page itself for ""."""
        if object_id is None:
            return modelpages.add(self, request, form_url, extra_context)
        return modelpages.change(self, request, str(object_id), form_url, extra_context)

    def add_view(self, request: Any, form_url: str = "", extra_context: dict[str, Any] | None = None) -> Any:
        """The page to add an object."""
        return self.changeform_view(request, None, form_url, extra_context)

    def change_view(
        self, request: Any, object_id: Any, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> Any:
        """The page of an object."""
        return self.changeform_view(request, object_id, form_url, extra_context)

    def delete_view(self, request: Any, object_id: Any, extra_context: dict[str, Any] | None = None) -> Any:
        """The page that shows what goes with an object, and deletes it."""
        return modelpages.delete(self, request, str(object_id), extra_context)

    def history_view(self, request: Any, object_id: Any, extra_context: dict[str, Any] | None = None) -> Any:
        """What was changed of an object, by whom, and how."""
        return modelpages.history(self, request, str(object_id), extra_context)

    # ---- an object --------------------------------------------------------------------------------------------------

    def get_inline_instances(self, request: Any, obj: Any = None) -> list[Any]:
        """The inlines that who asks may see, or add rows to."""
        made = [kind(self.model, self.admin_site) for kind in self.get_inlines(request, obj)]
        return [
            inline
            for inline in made
            if inline.has_view_permission(request, obj) or inline.has_add_permission(request, obj)
        ]

    def get_formsets_with_inlines(self, request: Any, obj: Any = None) -> Iterator[tuple[Any, Any]]:
        """The inlines of a page, each behind its class of formsets."""
        for inline in self.get_inline_instances(request, obj):
            yield inline.get_formset(request, obj), inline

    def get_formset_kwargs(self, request: Any, obj: Any, inline: Any, prefix: str) -> dict[str, Any]:
        """What the formset of an inline is made with, besides what was sent."""
        return {"instance": obj, "prefix": prefix, "queryset": inline.get_queryset(request)}

    def get_view_on_site_url(self, obj: Any) -> str:
        """Where the program shows an object: its `get_absolute_url()`, or what `view_on_site` gives; "" for nowhere."""
        if obj is None or not self.view_on_site:
            return ""
        if callable(self.view_on_site):
            return str(self.view_on_site(obj))
        return str(obj.get_absolute_url()) if hasattr(obj, "get_absolute_url") else ""

    def get_deleted_objects(self, objs: Any, request: Any) -> tuple[list[Any], dict[str, int], set[str], list[str]]:
        """What goes when objects go: groups of it, how many by kind, kinds that may not be deleted, what protects."""
        going = preview(list(objs))
        counts = {name: number for name, number, _ in going.groups}
        return going.groups, counts, set(forbidden_kinds(self.admin_site, request, going)), going.protected

    def response_add(self, request: Any, obj: Any, post_url_continue: str | None = None) -> Response:
        """The answer after an object was added."""
        if post_url_continue is not None and "_continue" in request.form:
            return redirect(post_url_continue, 303)
        return responses.after_add(self, request, obj)

    def response_change(self, request: Any, obj: Any) -> Response:
        """The answer after an object was changed."""
        return responses.after_change(self, request, obj)

    def response_delete(self, request: Any, obj_display: str, obj_id: Any) -> Response:
        """The answer after an object was deleted."""
        return responses.after_delete(self, request, obj_display, obj_id)

    def message_user(self, request: Any, message: Any, level: str = "success", extra_tags: str = "") -> None:
        """Tell the reader something at the top of the next page; `level` is "success", "error" or one of your own.

        `extra_tags` are further CSS classes of it.
        """
        flash(str(message), f"{level} {extra_tags}".rstrip())

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
