"""The pages of an admin: what each address answers, after asking who may."""

from typing import Any

from spruce.admin import exports
from spruce.admin.autocomplete import results
from spruce.admin.everything import find_everywhere
from spruce.admin.imports import Import
from spruce.admin.modelpages import refuse, show
from spruce.errors import NotFound, RequestEntityTooLarge
from spruce.http import Request, Response
from spruce.i18n import gettext
from spruce.web import flash, redirect

__all__ = ["Pages"]

_MOST_BYTES = 2_000_000


class Pages:
    """The views of a site."""

    def __init__(self, site: Any) -> None:
        self.site = site

    def index(self, request: Request) -> Response:
        """The first page: models, and what the reader did of late."""
        response: Response = self.site.render(
            self.site.index_template or "admin/index.html",
            title=self.site.index_title,
            apps=self.site.get_app_list(request),
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
        groups = self.site.get_app_list(request, label)
        if not groups:
            if any(admin.label() == label for admin in self.site.admins()):
                refuse()
            raise NotFound(gettext("There is no such page."))
        names = [self.site.app_index_template] if self.site.app_index_template else []
        names += [f"admin/{label}/app_index.html", "admin/app_index.html"]
        response: Response = self.site.render(names, title=groups[0]["name"], apps=groups)
        return response

    def changelist(self, request: Request, label: str, name: str) -> Any:
        """The list of a model's objects; a bulk action where something is sent."""
        return self.site.find(label, name).changelist_view(request)

    def add(self, request: Request, label: str, name: str) -> Any:
        """The page to add an object."""
        return self.site.find(label, name).add_view(request)

    def change(self, request: Request, label: str, name: str, key: str) -> Any:
        """The page of an object; who may only see it sees it."""
        return self.site.find(label, name).change_view(request, key)

    def delete(self, request: Request, label: str, name: str, key: str) -> Any:
        """The page that shows what goes with an object, and deletes it."""
        return self.site.find(label, name).delete_view(request, key)

    def history(self, request: Request, label: str, name: str, key: str) -> Any:
        """What was changed of an object, by whom, and how."""
        return self.site.find(label, name).history_view(request, key)

    def autocomplete(self, request: Request, label: str, name: str) -> Any:
        """What fits what was typed into a field that points to the model."""
        admin = self.site.find(label, name)
        if not admin.has_view_permission(request):
            refuse()
        return results(request, admin)

    def imports(self, request: Request, label: str, name: str) -> Any:
        """The page to import a file: it is checked first, and saved when that is confirmed."""
        admin = self.site.find(label, name)
        if not (admin.has_add_permission(request) or admin.has_change_permission(request)):
            refuse()
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
        return show(request, admin, "import", status, done=done, names=[name for name in names if name not in many])

    def export(self, request: Request, label: str, name: str, kind: str) -> Any:
        """The objects of the list, as a file; filters and search count."""
        admin = self.site.find(label, name)
        if not admin.has_view_permission(request):
            refuse()
        made = {"csv": exports.as_csv, "json": exports.as_json}.get(kind)
        if made is None:
            raise NotFound(gettext("There is no such export."))
        query = admin.get_changelist_instance(request).query
        return made(query, admin.get_export_fields(request), name)
