"""AdminSite: the models that an admin shows, its addresses, and who gets in.

`site` is the usual one. `spruce.admin` in INSTALLED_APPS puts it below ADMIN_URL_PREFIX, `site.init_app(app)` does so
by hand. Every page needs a user who is active and on the staff; each then asks the ModelAdmin for permissions.
"""

import functools
from collections.abc import Callable, Iterable
from typing import Any

from spruce.admin.actions import delete_selected
from spruce.admin.columns import EMPTY
from spruce.admin.custompages import Page, PageBook, make_page, may_see
from spruce.admin.models import DELETION, LogEntry
from spruce.admin.options import ModelAdmin
from spruce.admin.pages import Pages
from spruce.auth.decorators import redirect_to_login
from spruce.errors import AdminError, Forbidden, NotFound, nearest
from spruce.http import Request, Response
from spruce.i18n import gettext, gettext_lazy
from spruce.web import Blueprint, make_response, render_template, request, url_for
from spruce.web.context import current_context

__all__ = ["AdminSite", "site"]

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


class AdminSite:
    """An admin with models of its own; several may be in one app, with different names and prefixes."""

    site_header: Any = gettext_lazy("Administration")
    site_title: Any = gettext_lazy("Administration")
    index_title: Any = gettext_lazy("Start")
    site_url: str | None = "/"
    empty_value_display: Any = EMPTY
    index_template: str | None = None
    app_index_template: str | None = None

    def __init__(self, name: str = "admin") -> None:
        self.name = name
        self.actions: list[Callable[..., Any]] = [delete_selected]
        self.panels: list[Callable[[Request], Any]] = []
        self._registry: dict[Any, ModelAdmin] = {}
        self._book = PageBook(self)

    def register(self, model_or_iterable: Any, admin_class: type[ModelAdmin] | None = None, **options: Any) -> None:
        """Show a model, or several, as the class says; options stand for attributes of it. Raises AdminError."""
        several = model_or_iterable if isinstance(model_or_iterable, list | tuple) else [model_or_iterable]
        for model in several:
            if not hasattr(model, "_meta") or model._meta.abstract:
                raise AdminError(f"register() takes models with a table, not {model!r}")
            if model in self._registry:
                raise AdminError(
                    f"{model.__name__} is registered already", hint=f"Call site.unregister({model.__name__}) first."
                )
            kind = admin_class or ModelAdmin
            kind = type(f"{model.__name__}Admin", (kind,), options) if options else kind
            made = self._registry[model] = kind(model, self)
            for page in made.get_urls():
                self._book.add_of_models(page.path)

    def unregister(self, model_or_iterable: Any) -> None:
        """Show a model, or several, no longer. Raises AdminError."""
        several = model_or_iterable if isinstance(model_or_iterable, list | tuple) else [model_or_iterable]
        for model in several:
            if model not in self._registry:
                raise AdminError(f"{model.__name__} is not registered")
            del self._registry[model]

    def is_registered(self, model: Any) -> bool:
        """Whether it shows a model."""
        return model in self._registry

    def add_action(self, action: Callable[..., Any], name: str | None = None) -> None:
        """Let all lists have a bulk action, under its own name or another."""
        if name is not None and name != action.__name__:
            action = _renamed(action, name)
        self.actions.append(action)

    def disable_action(self, name: str) -> None:
        """Let no list have an action of the site any more, such as `delete_selected`. Raises AdminError."""
        known = [action.__name__ for action in self.actions]
        if name not in known:
            raise AdminError(f"the site has no action {name!r}{nearest(name, known)}")
        self.actions = [action for action in self.actions if action.__name__ != name]

    def register_page(self, path: str, view: Callable[..., Any], **options: Any) -> Page:
        """Add a page below the admin's address, `view(request)`, whose words are those of `custompages.Page`.

        One with a `title` is linked on the first page, for those who may see it, under the heading `group`. Raises
        AdminError for an address or a name that cannot be, or is taken.
        """
        page = make_page(path, view, **options)
        self._book.add(page)
        return page

    def has_page(self, name: str) -> bool:
        """Whether there is a page of its own with a name."""
        return name in self._book.pages

    def page_url(self, name: str, **values: Any) -> str:
        """The address of a page of its own."""
        return self._url(f"page_{name}", **values)

    def page_list(self, current: Request) -> list[tuple[str, list[Page]]]:
        """The pages of its own with a title that who asks may see, by their groups."""
        groups: dict[str, list[Page]] = {}
        for page in self._book.pages.values():
            if page.title and may_see(page, current):
                groups.setdefault(str(page.group or gettext("Pages")), []).append(page)
        return list(groups.items())

    def register_panel(self, panel: Callable[[Request], Any]) -> None:
        """Show something above the models of the first page: `panel(request)` gives markup, or None for nothing."""
        self.panels.append(panel)

    def admins(self) -> Iterable[ModelAdmin]:
        """How each model is shown."""
        return self._registry.values()

    def admin_of(self, model: Any) -> ModelAdmin | None:
        """How a model is shown, None for one that isn't."""
        return self._registry.get(model)

    def get_model_admin(self, model: Any) -> ModelAdmin:
        """How a model is shown. Raises AdminError for one that isn't."""
        found = self.admin_of(model)
        if found is None:
            raise AdminError(f"{model.__name__} is not registered")
        return found

    def find(self, label: str, name: str) -> ModelAdmin:
        """How the model of an address is shown. Raises NotFound."""
        for admin in self._registry.values():
            if admin.model.__name__.lower() == name and admin.label() == label:
                return admin
        raise NotFound(gettext("There is no such model."))

    def init_app(self, app: Any, url_prefix: str = "/admin") -> None:
        """Put the pages below a prefix of an app."""
        app.register_blueprint(self.blueprint(), url_prefix=url_prefix)

    def blueprint(self) -> Blueprint:
        """The pages, as a blueprint that is called like the site."""
        made = Blueprint(self.name, __name__, template_folder="templates", static_folder="static")
        made.before_request(self._guard)
        made.record(self._book.open)
        pages = Pages(self)
        for rule, endpoint, methods in _RULES:
            made.add_url_rule(rule, endpoint, _view(getattr(pages, endpoint)), methods=methods)
        return made

    def has_permission(self, request: Request) -> bool:
        """Whether who asks may see any page: who is active and on the staff."""
        user = request.user
        return bool(user is not None and user.is_active and getattr(user, "is_staff", False))

    def _guard(self) -> Any:
        """Let nobody in who has no business here; the style sheet and scripts of the pages are open."""
        current: Request = request._get_current_object()  # type: ignore[attr-defined] # a proxy's own method
        if (current.endpoint or "").endswith(".static") or self.has_permission(current):
            return None
        if current.user is not None and current.user.is_authenticated:
            raise Forbidden(gettext("You are logged in, but may not see this page."))
        return redirect_to_login(current)

    # ---- pages ------------------------------------------------------------------------------------------------------

    def get_app_list(self, request: Any, app_label: str | None = None) -> list[dict[str, Any]]:
        """The models that who asks may see, by the part of the program that they belong to, as Django has them.

        Each part has `name`, `app_label`, `app_url`, `has_module_perms` and `models`; each model `model`, `name`,
        `object_name`, `perms`, `admin_url`, `add_url` and `view_only`, with None for what may not be done.
        """
        groups: dict[str, list[dict[str, Any]]] = {}
        for admin in self._registry.values():
            label = admin.label()
            if app_label in (None, label) and admin.has_module_permission(request):
                groups.setdefault(label, []).append(self._entry(admin, request))
        parts = [
            {
                "name": label.replace("_", " ").capitalize(),
                "app_label": label,
                "app_url": self._url("app_index", label=label),
                "has_module_perms": True,
                "models": entries,
            }
            for label, entries in groups.items()
        ]
        return sorted(parts, key=lambda part: str(part["name"]))

    def _entry(self, admin: ModelAdmin, request: Any) -> dict[str, Any]:
        """A model in the list of all."""
        name = str(admin.model._meta.verbose_name_plural)
        perms = admin.get_model_perms(request)
        return {
            "model": admin.model,
            "name": name[:1].upper() + name[1:],
            "object_name": admin.model.__name__,
            "perms": perms,
            "admin_url": self.url(admin) if perms["view"] else None,
            "add_url": self.url(admin, "add") if perms["add"] else None,
            "view_only": not (perms["change"] or perms["delete"]),
        }

    def each_context(self, request: Any) -> dict[str, Any]:
        """What each page's template is given; a subclass adds what its own templates want."""
        return {
            "site": self,
            "here": self._url,
            "site_header": self.site_header,
            "site_title": self.site_title,
            "site_url": self.site_url,
            "has_permission": self.has_permission(request),
        }

    def get_log_entries(self, request: Any) -> Any:
        """The query of what the first page says of late: what who asks has done."""
        return LogEntry.objects.filter(user_key=str(request.user.pk))

    def recent(self, current: Request) -> list[tuple[LogEntry, str]]:
        """The newest of `get_log_entries`, with the pages of the objects, "" for those that are gone."""
        entries = list(self.get_log_entries(current)[:10])
        gone = {(each.label, each.model, each.object_key) for each in entries if each.action == DELETION}
        return [(each, self._page_of(current, each, gone)) for each in entries]

    def _page_of(self, current: Request, entry: LogEntry, gone: set[tuple[str, str, str]]) -> str:
        try:
            admin = self.find(entry.label, entry.model)
        except NotFound:
            return ""
        is_there = (entry.label, entry.model, entry.object_key) not in gone
        return (
            self.url(admin, "change", key=entry.object_key) if is_there and admin.has_view_permission(current) else ""
        )

    def show(self, template: str, status: int = 200, **values: Any) -> Response:
        """A page of the admin's own templates: kept by nobody, running nothing that isn't ours."""
        return self.render(f"admin/{template}.html", status, **values)

    def render(self, template: Any, status: int = 200, **values: Any) -> Response:
        """A page of a template of the program's, which extends `admin/page.html` and gets `title` for its head.

        Of several names the first that exists is the template's.
        """
        page = render_template(template, **{**self.each_context(current_context("admin").request), **values})
        response = make_response((page, status))
        response.headers["Cache-Control"] = "no-store"
        response.headers["Content-Security-Policy"] = POLICY
        return response

    def _url(self, endpoint: str, **values: Any) -> str:
        """The address of a page of this site."""
        return url_for(f"{self.name}.{endpoint}", **values)

    def url(self, admin: ModelAdmin, endpoint: str = "changelist", **values: Any) -> str:
        """The address of a page about a model."""
        return self._url(endpoint, label=admin.label(), name=admin.model.__name__.lower(), **values)


_GET, _BOTH = ["GET"], ["GET", "POST"]
_MODEL = "/<label>/<name>"
_RULES = (
    ("/", "index", _GET),
    ("/search/", "search", _GET),
    ("/<label>/", "app_index", _GET),
    (f"{_MODEL}/", "changelist", _BOTH),
    (f"{_MODEL}/add/", "add", _BOTH),
    (f"{_MODEL}/autocomplete/", "autocomplete", _GET),
    (f"{_MODEL}/import/", "imports", _BOTH),
    (f"{_MODEL}/export/<kind>", "export", _GET),
    (f"{_MODEL}/<path:key>/change/", "change", _BOTH),
    (f"{_MODEL}/<path:key>/delete/", "delete", _BOTH),
    (f"{_MODEL}/<path:key>/history/", "history", _GET),
)


def _renamed(action: Callable[..., Any], name: str) -> Callable[..., Any]:
    """An action under another name, with what is noted of it."""

    @functools.wraps(action)
    def run(*arguments: Any) -> Any:
        return action(*arguments)

    run.__name__ = name
    return run


def _view(method: Callable[..., Any]) -> Callable[..., Any]:
    """A view of its own for each site, as endpoints want one."""

    def view(**values: Any) -> Any:
        current: Any = current_context("admin").request
        return method(current, **values)

    view.__name__ = method.__name__
    return view


site = AdminSite()
"""The usual site."""
