"""The pages of an admin: what each address answers, after asking who may."""

from collections.abc import Callable
from typing import Any, NoReturn

from spruce import db
from spruce.admin import actions, exports
from spruce.admin.autocomplete import results
from spruce.admin.columns import shown
from spruce.admin.deletion import Going
from spruce.admin.editing import Editor
from spruce.admin.everything import find_everywhere
from spruce.admin.imports import Import
from spruce.admin.models import LogEntry
from spruce.admin.responses import is_popup, kept_filters, list_url
from spruce.errors import Forbidden, IntegrityError, NotFound, RequestEntityTooLarge
from spruce.http import Request, Response
from spruce.i18n import gettext, ngettext
from spruce.web import flash, redirect

__all__ = ["Pages"]

_HISTORY = 200
_CARRYING = ("add", "change", "delete", "history")
_MOST_BYTES = 2_000_000


class Pages:
    """The views of a site."""

    def __init__(self, site: Any) -> None:
        self.site = site

    def index(self, request: Request) -> Response:
        """The first page: models, and what the reader did of late."""
        response: Response = self.site.show(
            "index",
            apps=self.site.app_list(request),
            pages=self.site.page_list(request),
            panels=[made for made in (panel(request) for panel in self.site.panels) if made],
            recent=self.site.recent(request),
        )
        return response

    def search(self, request: Request) -> Response:
        """What is found of all models."""
        text = request.args.get("q") or ""
        found = find_everywhere(request, self.site, text)
        title = gettext("Found for “%(text)s”", text=text.strip()) if text.strip() else gettext("Search everything")
        response: Response = self.site.show("search", title=title, text=text.strip(), everything=text, found=found)
        return response

    def app_index(self, request: Request, label: str) -> Response:
        """The models of one part of the program."""
        groups = [group for group in self.site.app_list(request) if group[1][0]["path"][0] == label]
        if not groups:
            if any(admin.label() == label for admin in self.site.admins()):
                _refuse()
            raise NotFound(gettext("There is no such page."))
        response: Response = self.site.show("app_index", title=groups[0][0], apps=groups)
        return response

    def changelist(self, request: Request, label: str, name: str) -> Any:
        """The list of a model's objects; a bulk action where something is sent."""
        admin = self.site.find(label, name)
        if not admin.has_view_permission(request):
            _refuse()
        if request.method != "POST":
            return self._list(request, admin, admin.get_changelist_instance(request))
        if "_save" not in request.form:
            return actions.run(
                admin, request, lambda template, **values: self._show(request, admin, template, **values)
            )
        changes = admin.get_changelist_instance(request)
        editor = changes.editor
        if editor is None:
            _refuse()
        if editor.save():
            text = ngettext("%(num)d object was saved.", "%(num)d objects were saved.", editor.saved)
            flash(text if editor.saved else gettext("Nothing was changed."), "success")
            return redirect(request.full_path.rstrip("?"), 303)
        changes.show_rows(editor.rows())
        return self._list(request, admin, changes, 409 if editor.has_conflict else 422)

    def _list(self, request: Request, admin: Any, changes: Any, status: int = 200) -> Response:
        return self._show(
            request,
            admin,
            "changelist",
            status,
            changes=changes,
            actions=admin.get_actions(request),
            may_add=admin.has_add_permission(request),
            may_import=admin.has_add_permission(request) or admin.has_change_permission(request),
        )

    def add(self, request: Request, label: str, name: str) -> Any:
        """The page to add an object."""
        admin = self.site.find(label, name)
        if not admin.has_add_permission(request):
            _refuse()
        return self._edit(request, admin, None)

    def change(self, request: Request, label: str, name: str, key: str) -> Any:
        """The page of an object; who may only see it sees it."""
        admin = self.site.find(label, name)
        obj = self._object(request, admin, key, admin.has_change_permission if request.method == "POST" else None)
        if not admin.has_view_permission(request, obj):
            _refuse()
        return self._edit(request, admin, obj)

    def _edit(self, request: Request, admin: Any, obj: Any) -> Any:
        copies = obj is not None and admin.save_as and "_saveasnew" in request.form and request.method == "POST"
        if copies and not admin.has_add_permission(request):
            _refuse()
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
        return self._show(
            request,
            admin,
            "change",
            status,
            editor=editor,
            obj=editor.obj,
            may_delete=editor.obj is not None and admin.has_delete_permission(request, obj),
            may_add=admin.has_add_permission(request),
            may_copy=editor.obj is not None and admin.save_as and admin.has_add_permission(request),
            on_site=admin.get_view_on_site_url(editor.obj),
        )

    def delete(self, request: Request, label: str, name: str, key: str) -> Any:
        """The page that shows what goes with an object, and deletes it."""
        admin = self.site.find(label, name)
        obj = self._object(request, admin, key, admin.has_delete_permission)
        groups, _, forbidden, protected = admin.get_deleted_objects([obj], request)
        going = Going(groups, protected, [])
        if request.method != "POST" or protected or forbidden:
            status = 409 if request.method == "POST" else 200
            return self._show(request, admin, "delete", status, obj=obj, going=going, forbidden=sorted(forbidden))
        title, pk = str(obj), obj.pk
        with db.atomic():
            admin.log_deletion(request, obj)
            admin.delete_model(request, obj)
        return admin.response_delete(request, title, pk)

    def history(self, request: Request, label: str, name: str, key: str) -> Any:
        """What was changed of an object, by whom, and how."""
        admin = self.site.find(label, name)
        obj = self._object(request, admin, key)
        if not admin.has_view_permission(request, obj):
            _refuse()
        entries = list(LogEntry.objects.filter(label=label, model=name, object_key=str(obj.pk))[:_HISTORY])
        for entry in entries:
            entry.changes = [each for each in entry.changes if admin.may_see_field(request, each.get("name"), obj)]
        return self._show(request, admin, "history", obj=obj, entries=entries, shown=shown)

    def autocomplete(self, request: Request, label: str, name: str) -> Any:
        """What fits what was typed into a field that points to the model."""
        admin = self.site.find(label, name)
        if not admin.has_view_permission(request):
            _refuse()
        return results(request, admin)

    def imports(self, request: Request, label: str, name: str) -> Any:
        """The page to import a file: it is checked first, and saved when that is confirmed."""
        admin = self.site.find(label, name)
        if not (admin.has_add_permission(request) or admin.has_change_permission(request)):
            _refuse()
        done = None
        if request.method == "POST":
            upload = request.files.get("file")
            text = upload.read(_MOST_BYTES + 1).decode("utf-8", "replace") if upload else request.form.get("text", "")
            if len(text) > _MOST_BYTES:
                raise RequestEntityTooLarge(gettext("The file is too large."))
            done = Import(request, admin, text)
            confirmed = request.form.get("confirmed") == "yes"
            if done.run(dry=not confirmed) and confirmed:
                text = gettext("%(added)s added, %(changed)s changed.", added=done.added, changed=done.changed)
                flash(text, "success")
                return redirect(self.site.url(admin), 303)
        names = [admin.model._meta.pk.name, *admin.get_form(request, None).base_fields]
        many = admin.model._meta.many
        status = 422 if done is not None and done.errors else 200
        return self._show(
            request, admin, "import", status, done=done, names=[name for name in names if name not in many]
        )

    def export(self, request: Request, label: str, name: str, kind: str) -> Any:
        """The objects of the list, as a file; filters and search count."""
        admin = self.site.find(label, name)
        if not admin.has_view_permission(request):
            _refuse()
        made = {"csv": exports.as_csv, "json": exports.as_json}.get(kind)
        if made is None:
            raise NotFound(gettext("There is no such export."))
        query = admin.get_changelist_instance(request).query
        return made(query, admin.get_export_fields(request), name)

    def _object(self, request: Request, admin: Any, key: str, may: Callable[..., bool] | None = None) -> Any:
        """The object of an address for who `may` do something with it; who may not isn't told whether there is one."""
        obj = admin.get_object(request, key)
        if may is not None and not may(request, obj):
            _refuse()
        if obj is None:
            if not admin.has_view_permission(request) and not admin.has_change_permission(request):
                _refuse()
            raise NotFound(gettext("There is no such object."))
        return obj

    def _show(self, request: Request, admin: Any, template: str, status: int = 200, **values: Any) -> Response:
        meta = admin.model._meta
        plural, single = str(meta.verbose_name_plural), str(meta.verbose_name)
        kept = kept_filters(request, admin)

        def url(endpoint: str = "changelist", **more: Any) -> str:
            return str(self.site.url(admin, endpoint, **(kept | more if endpoint in _CARRYING else more)))

        response: Response = self.site.show(
            template,
            status,
            admin=admin,
            plural=plural[:1].upper() + plural[1:],
            single=single,
            popup=is_popup(request),
            app_name=admin.label().replace("_", " ").capitalize(),
            list_url=list_url(request, admin),
            url=url,
            **values,
        )
        return response


def _refuse() -> NoReturn:
    raise Forbidden(gettext("You may not do this."))
