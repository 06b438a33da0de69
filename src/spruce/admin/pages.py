"""The pages of an admin: what each address answers, after asking who may."""

from typing import Any, NoReturn
from urllib.parse import parse_qsl, urlencode

from spruce import db
from spruce.admin import actions, exports
from spruce.admin.autocomplete import results
from spruce.admin.columns import shown
from spruce.admin.deletion import forbidden_kinds, preview
from spruce.admin.editing import Editor
from spruce.admin.imports import Import
from spruce.admin.models import LogEntry
from spruce.errors import Forbidden, IntegrityError, NotFound, RequestEntityTooLarge
from spruce.http import Request, Response
from spruce.i18n import gettext, ngettext
from spruce.web import flash, redirect

__all__ = ["Pages"]

_HISTORY = 200
_FILTERS = "_changelist_filters"
_MOST_PARAMETERS = 50
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
        obj = self._object(request, admin, key)
        if not admin.has_view_permission(request, obj):
            _refuse()
        if request.method == "POST" and not admin.has_change_permission(request, obj):
            _refuse()
        return self._edit(request, admin, obj)

    def _edit(self, request: Request, admin: Any, obj: Any) -> Any:
        editor = Editor(request, admin, obj)
        status = 200
        if request.method == "POST":
            try:
                if editor.save():
                    return self._saved(request, admin, editor.saved, obj is None)
            except IntegrityError as error:  # somebody else was faster than our checks
                editor.form.add_error(None, str(error))
            status = 409 if editor.conflict is not None else 422
        return self._show(
            request,
            admin,
            "change",
            status,
            editor=editor,
            obj=obj,
            may_delete=obj is not None and admin.has_delete_permission(request, obj),
            may_add=admin.has_add_permission(request),
        )

    def _saved(self, request: Request, admin: Any, obj: Any, added: bool) -> Response:
        name, kept = str(admin.model._meta.verbose_name), self._kept(request, admin)
        text = (
            gettext("The %(name)s “%(object)s” was added.")
            if added
            else gettext("The %(name)s “%(object)s” was saved.")
        )
        flash(text % {"name": name, "object": obj}, "success")
        if "_addanother" in request.form and admin.has_add_permission(request):
            return redirect(self.site.url(admin, "add", **kept), 303)
        if "_continue" in request.form or not admin.has_view_permission(request):
            return redirect(self.site.url(admin, "change", key=obj.pk, **kept), 303)
        return redirect(self._to_list(request, admin), 303)

    def delete(self, request: Request, label: str, name: str, key: str) -> Any:
        """The page that shows what goes with an object, and deletes it."""
        admin = self.site.find(label, name)
        obj = self._object(request, admin, key)
        if not admin.has_delete_permission(request, obj):
            _refuse()
        going = preview([obj])
        forbidden = forbidden_kinds(self.site, request, going)
        if request.method != "POST" or going.protected or forbidden:
            status = 409 if request.method == "POST" else 200
            return self._show(request, admin, "delete", status, obj=obj, going=going, forbidden=forbidden)
        title = str(obj)
        with db.atomic():
            admin.log_deletion(request, obj)
            admin.delete_model(request, obj)
        flash(
            gettext("The %(name)s “%(object)s” was deleted.", name=str(admin.model._meta.verbose_name), object=title),
            "success",
        )
        return redirect(self._to_list(request, admin), 303)

    def history(self, request: Request, label: str, name: str, key: str) -> Any:
        """What was changed of an object, by whom, and how."""
        admin = self.site.find(label, name)
        obj = self._object(request, admin, key)
        if not admin.has_view_permission(request, obj):
            _refuse()
        entries = LogEntry.objects.filter(label=label, model=name, object_key=str(obj.pk))[:_HISTORY]
        return self._show(request, admin, "history", obj=obj, entries=list(entries), shown=shown)

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

    def _object(self, request: Request, admin: Any, key: str) -> Any:
        obj = admin.get_object(request, key)
        if obj is None:
            if not admin.has_view_permission(request) and not admin.has_change_permission(request):
                _refuse()
            raise NotFound(gettext("There is no such object."))
        return obj

    def _kept(self, request: Request, admin: Any) -> dict[str, str]:
        """What the list was filtered by from which the reader came, as other pages carry it on."""
        if not admin.preserve_filters:
            return {}
        if request.endpoint == f"{self.site.name}.changelist":
            kept = request.query_string.decode("ascii", "ignore")
        else:
            kept = request.args.get(_FILTERS, "")
        text = urlencode(parse_qsl(kept, keep_blank_values=True)[:_MOST_PARAMETERS])
        return {_FILTERS: text} if text else {}

    def _to_list(self, request: Request, admin: Any) -> str:
        """The list as the reader has left it."""
        kept = self._kept(request, admin).get(_FILTERS)
        path: str = self.site.url(admin)
        return f"{path}?{kept}" if kept else path

    def _show(self, request: Request, admin: Any, template: str, status: int = 200, **values: Any) -> Response:
        meta = admin.model._meta
        plural, single = str(meta.verbose_name_plural), str(meta.verbose_name)
        kept = self._kept(request, admin)

        def url(endpoint: str = "changelist", **more: Any) -> str:
            return self.site.url(admin, endpoint, **(kept | more if endpoint in _CARRYING else more))

        response: Response = self.site.show(
            template,
            status,
            admin=admin,
            plural=plural[:1].upper() + plural[1:],
            single=single,
            app_name=admin.label().replace("_", " ").capitalize(),
            list_url=self._to_list(request, admin),
            url=url,
            **values,
        )
        return response


def _refuse() -> NoReturn:
    raise Forbidden(gettext("You may not do this."))
