"""The pages of an admin: what each address answers, after asking who may."""

from typing import Any, NoReturn

from spruce import db
from spruce.admin import actions, exports
from spruce.admin.autocomplete import results
from spruce.admin.changelist import ChangeList
from spruce.admin.columns import shown
from spruce.admin.deletion import forbidden_kinds, preview
from spruce.admin.editing import Editor
from spruce.admin.imports import Import
from spruce.admin.models import LogEntry
from spruce.errors import Forbidden, IntegrityError, NotFound, RequestEntityTooLarge
from spruce.http import Request, Response
from spruce.i18n import gettext
from spruce.web import flash, redirect

__all__ = ["Pages"]

_HISTORY = 200
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

    def changelist(self, request: Request, label: str, name: str) -> Any:
        """The list of a model's objects; a bulk action where something is sent."""
        admin = self.site.find(label, name)
        if not admin.has_view_permission(request):
            _refuse()
        if request.method == "POST":
            return actions.run(admin, request, lambda template, **values: self._show(admin, template, **values))
        return self._show(
            admin,
            "changelist",
            changes=ChangeList(request, admin),
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
            admin,
            "change",
            status,
            editor=editor,
            obj=obj,
            may_delete=obj is not None and admin.has_delete_permission(request, obj),
            may_add=admin.has_add_permission(request),
        )

    def _saved(self, request: Request, admin: Any, obj: Any, added: bool) -> Response:
        name = str(admin.model._meta.verbose_name)
        text = (
            gettext("The %(name)s “%(object)s” was added.")
            if added
            else gettext("The %(name)s “%(object)s” was saved.")
        )
        flash(text % {"name": name, "object": obj}, "success")
        if "_addanother" in request.form and admin.has_add_permission(request):
            return redirect(self.site.url(admin, "add"), 303)
        if "_continue" in request.form or not admin.has_view_permission(request):
            return redirect(self.site.url(admin, "change", key=obj.pk), 303)
        return redirect(self.site.url(admin), 303)

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
            return self._show(admin, "delete", status, obj=obj, going=going, forbidden=forbidden)
        title = str(obj)
        with db.atomic():
            admin.log_deletion(request, obj)
            admin.delete_model(request, obj)
        flash(
            gettext("The %(name)s “%(object)s” was deleted.", name=str(admin.model._meta.verbose_name), object=title),
            "success",
        )
        return redirect(self.site.url(admin), 303)

    def history(self, request: Request, label: str, name: str, key: str) -> Any:
        """What was changed of an object, by whom, and how."""
        admin = self.site.find(label, name)
        obj = self._object(request, admin, key)
        if not admin.has_view_permission(request, obj):
            _refuse()
        entries = LogEntry.objects.filter(label=label, model=name, object_key=str(obj.pk))[:_HISTORY]
        return self._show(admin, "history", obj=obj, entries=list(entries), shown=shown)

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
        return self._show(admin, "import", status, done=done, names=[name for name in names if name not in many])

    def export(self, request: Request, label: str, name: str, kind: str) -> Any:
        """The objects of the list, as a file; filters and search count."""
        admin = self.site.find(label, name)
        if not admin.has_view_permission(request):
            _refuse()
        made = {"csv": exports.as_csv, "json": exports.as_json}.get(kind)
        if made is None:
            raise NotFound(gettext("There is no such export."))
        query = ChangeList(request, admin).query
        return made(query, admin.get_export_fields(request), name)

    def _object(self, request: Request, admin: Any, key: str) -> Any:
        obj = admin.get_object(request, key)
        if obj is None:
            if not admin.has_view_permission(request) and not admin.has_change_permission(request):
                _refuse()
            raise NotFound(gettext("There is no such object."))
        return obj

    def _show(self, admin: Any, template: str, status: int = 200, **values: Any) -> Response:
        meta = admin.model._meta
        plural, single = str(meta.verbose_name_plural), str(meta.verbose_name)
        response: Response = self.site.show(
            template,
            status,
            admin=admin,
            plural=plural[:1].upper() + plural[1:],
            single=single,
            url=lambda endpoint="changelist", **more: self.site.url(admin, endpoint, **more),
            **values,
        )
        return response


def _refuse() -> NoReturn:
    raise Forbidden(gettext("You may not do this."))
