"""The pages about one model, for its ModelAdmin: the list, an object, its deletion and its history, for who may.

`extra` is put into each template, as Django's `extra_context`. The template is the ModelAdmin's own if it names one,
then `admin/LABEL/MODEL/…`, `admin/LABEL/…`, and last ours.
"""

from collections.abc import Callable
from typing import Any, NoReturn

from spruce import db
from spruce.admin import actions
from spruce.admin.columns import shown
from spruce.admin.deletion import Going
from spruce.admin.editing import Editor
from spruce.admin.models import LogEntry
from spruce.admin.responses import is_popup, kept_filters, list_url
from spruce.errors import Forbidden, IntegrityError, NotFound
from spruce.http import Request, Response
from spruce.i18n import gettext, ngettext
from spruce.web import flash, redirect

__all__ = ["add", "change", "changelist", "delete", "history", "refuse", "show"]

_HISTORY = 200
_CARRYING = ("add", "change", "delete", "history")
_OWN = {
    "change": "change_form_template",
    "changelist": "change_list_template",
    "delete": "delete_confirmation_template",
    "history": "object_history_template",
}
"""The attributes of a ModelAdmin that name the templates of its pages."""

Extra = dict[str, Any] | None


def changelist(admin: Any, request: Request, extra: Extra = None) -> Any:
    """The list of a model's objects; a bulk action, or rows that are saved, where something is sent."""
    if not admin.has_view_permission(request):
        refuse()
    if request.method != "POST":
        return _list(request, admin, admin.get_changelist_instance(request), extra=extra)
    if "_save" not in request.form:
        return actions.run(admin, request, lambda page, **values: show(request, admin, page, extra=extra, **values))
    changes = admin.get_changelist_instance(request)
    editor = changes.editor
    if editor is None:
        refuse()
    if editor.save():
        text = ngettext("%(num)d object was saved.", "%(num)d objects were saved.", editor.saved)
        flash(text if editor.saved else gettext("Nothing was changed."), "success")
        return redirect(request.full_path.rstrip("?"), 303)
    changes.show_rows(editor.rows())
    return _list(request, admin, changes, 409 if editor.has_conflict else 422, extra)


def _list(request: Request, admin: Any, changes: Any, status: int = 200, extra: Extra = None) -> Response:
    return show(
        request,
        admin,
        "changelist",
        status,
        extra,
        changes=changes,
        media=admin.media if changes.editor is None else admin.media + changes.editor.media,
        actions=admin.get_actions(request),
        may_add=admin.has_add_permission(request),
        may_import=admin.has_add_permission(request) or admin.has_change_permission(request),
    )


def add(admin: Any, request: Request, form_url: str = "", extra: Extra = None) -> Any:
    """The page to add an object."""
    if not admin.has_add_permission(request):
        refuse()
    return _edit(request, admin, None, form_url, extra)


def change(admin: Any, request: Request, key: str, form_url: str = "", extra: Extra = None) -> Any:
    """The page of an object; who may only see it sees it."""
    obj = _object(request, admin, key, admin.has_change_permission if request.method == "POST" else None)
    if not admin.has_view_permission(request, obj):
        refuse()
    return _edit(request, admin, obj, form_url, extra)


def _edit(request: Request, admin: Any, obj: Any, form_url: str, extra: Extra) -> Any:
    copies = obj is not None and admin.save_as and "_saveasnew" in request.form and request.method == "POST"
    if copies and not admin.has_add_permission(request):
        refuse()
    editor = Editor(request, admin, None if copies else obj, is_copy=copies)
    status = 200
    if request.method == "POST":
        try:
            if editor.save():
                answer = admin.response_add if editor.obj is None else admin.response_change
                return answer(request, editor.saved)
        except IntegrityError as error:  # somebody else was faster than our checks
            editor.form.add_error(None, str(error))
        status = 409 if editor.conflict is not None else 422
    return show(
        request,
        admin,
        "change",
        status,
        extra,
        template=(admin.add_form_template if editor.obj is None else None) or admin.change_form_template,
        editor=editor,
        media=editor.media,
        form_url=form_url,
        obj=editor.obj,
        may_delete=editor.obj is not None and admin.has_delete_permission(request, obj),
        may_add=admin.has_add_permission(request),
        may_copy=editor.obj is not None and admin.save_as and admin.has_add_permission(request),
        on_site=admin.get_view_on_site_url(editor.obj),
    )


def delete(admin: Any, request: Request, key: str, extra: Extra = None) -> Any:
    """The page that shows what goes with an object, and deletes it."""
    obj = _object(request, admin, key, admin.has_delete_permission)
    groups, _, forbidden, protected = admin.get_deleted_objects([obj], request)
    going = Going(groups, protected, {})
    if request.method != "POST" or protected or forbidden:
        status = 409 if request.method == "POST" else 200
        return show(request, admin, "delete", status, extra, obj=obj, going=going, forbidden=sorted(forbidden))
    title, pk = str(obj), obj.pk
    with db.atomic():
        admin.log_deletion(request, obj)
        admin.delete_model(request, obj)
    return admin.response_delete(request, title, pk)


def history(admin: Any, request: Request, key: str, extra: Extra = None) -> Any:
    """What was changed of an object, by whom, and how."""
    obj = _object(request, admin, key)
    if not admin.has_view_permission(request, obj):
        refuse()
    name = admin.model.__name__.lower()
    entries = list(LogEntry.objects.filter(label=admin.label(), model=name, object_key=str(obj.pk))[:_HISTORY])
    rows = {
        inline.model._meta.label
        for inline in admin.get_inline_instances(request, obj)
        if inline.has_view_permission(request, obj)
    }
    for entry in entries:
        entry.changes = [
            each
            for each in entry.changes
            if admin.may_see_field(request, each.get("name"), obj) and each.get("row_of", None) in (None, *rows)
        ]
    return show(request, admin, "history", extra=extra, obj=obj, entries=entries, shown=shown)


def _object(request: Request, admin: Any, key: str, may: Callable[..., bool] | None = None) -> Any:
    """The object of an address for who `may` do something with it; who may not isn't told whether there is one."""
    obj = admin.get_object(request, key)
    if may is not None and not may(request, obj):
        refuse()
    if obj is None:
        if not admin.has_view_permission(request) and not admin.has_change_permission(request):
            refuse()
        raise NotFound(gettext("There is no such object."))
    return obj


def show(
    request: Request,
    admin: Any,
    page: str,
    status: int = 200,
    extra: Extra = None,
    template: Any = None,
    **values: Any,
) -> Response:
    """A page of a model's own template, or of ours called `page`."""
    site, meta = admin.admin_site, admin.model._meta
    plural, single = str(meta.verbose_name_plural), str(meta.verbose_name)
    kept = kept_filters(request, admin)

    def url(endpoint: str = "changelist", **more: Any) -> str:
        return str(site.url(admin, endpoint, **(kept | more if endpoint in _CARRYING else more)))

    context = {
        "admin": admin,
        "plural": plural[:1].upper() + plural[1:],
        "single": single,
        "popup": is_popup(request),
        "app_name": admin.label().replace("_", " ").capitalize(),
        "list_url": list_url(request, admin),
        "url": url,
    }
    response: Response = site.render(_names(admin, page, template), status, **{**context, **values, **(extra or {})})
    return response


def _names(admin: Any, page: str, template: Any) -> list[str]:
    """The names under which a page's template is looked for."""
    own = template or getattr(admin, _OWN.get(page, ""), None)
    if own:
        return list(own) if isinstance(own, list | tuple) else [own]
    label, name = admin.label(), admin.model.__name__.lower()
    return [f"admin/{label}/{name}/{page}.html", f"admin/{label}/{page}.html", f"admin/{page}.html"]


def refuse() -> NoReturn:
    """Raise Forbidden."""
    raise Forbidden(gettext("You may not do this."))
