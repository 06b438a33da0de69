"""Pages of the program's own in an admin: their address, their name, and who may see them.

`site.register_page("report/", view, title="Report")` adds one to a site; `ModelAdmin.get_urls()` gives those about one
model. Both are below the admin's address, so who isn't on the staff never gets to them.
"""

import weakref
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from spruce.errors import AdminError, Forbidden, MethodNotAllowed, NotFound
from spruce.i18n import gettext
from spruce.web.context import current_context

__all__ = ["Page", "PageBook", "make_page", "may_see"]

_VERBS = ("GET", "POST", "PUT", "PATCH", "DELETE")


@dataclass(frozen=True)
class Page:
    """A page: `view(request, **parts of the address)` gives what any view gives, or None for an empty answer.

    `permission` is the name of one, a callable that takes the request, or None for whoever gets into the admin. A page
    with an empty `title` is in no list of links.
    """

    path: str
    view: Callable[..., Any]
    title: Any = ""
    name: str = ""
    permission: str | Callable[[Any], bool] | None = None
    methods: Sequence[str] = ("GET",)
    group: Any = ""


def make_page(path: str, view: Callable[..., Any], **options: Any) -> Page:
    """Return a page. Raises AdminError for an address or a verb that cannot be."""
    name = options.pop("name", "") or getattr(view, "__name__", "")
    if not path or path.startswith("/") or not path.endswith("/"):
        raise AdminError(
            f"a page of the admin has the address {path!r}", hint="Write it below the admin's own, like 'report/'."
        )
    page = Page(path, view, name=name, **options)
    unknown = [verb for verb in page.methods if verb not in _VERBS]
    if unknown or not page.methods:
        raise AdminError(f"the page {path!r} has the methods {list(page.methods)}, known ones are {', '.join(_VERBS)}")
    if not name.isidentifier():
        raise AdminError(f"the page {path!r} needs a name", hint='Give it name="report".')
    return page


def may_see(page: Page, request: Any) -> bool:
    """Whether who asks may see a page."""
    if page.permission is None:
        return True
    if callable(page.permission):
        return bool(page.permission(request))
    return bool(request.user.has_perm(page.permission))


class PageBook:
    """The pages of a site; those that come after the site was put into an app are put there too."""

    def __init__(self, site: Any) -> None:
        self.site = site
        self.pages: dict[str, Page] = {}
        self._rules: dict[str, tuple[str, Callable[..., Any], Sequence[str]]] = {}
        self._homes: list[tuple[weakref.ref[Any], str, str]] = []

    def add(self, page: Page) -> None:
        """Add a page of the site. Raises AdminError if there is one with this name or address."""
        for known in self.pages.values():
            if page.name == known.name or page.path == known.path:
                raise AdminError(f"the admin has a page {known.name!r} at {known.path!r} already")
        self.pages[page.name] = page

        def view(**values: Any) -> Any:
            return _answer(page, current_context("admin").request, values)

        taken = dict.fromkeys((*page.methods, "GET", "POST"))  # else lists of models would answer some of these
        self._put(f"page_{page.name}", f"/{page.path}", view, list(taken))

    def add_of_models(self, path: str) -> None:
        """Let a path behind the address of any model lead to the page that its ModelAdmin has for it."""
        endpoint = "model_" + "".join(letter if letter.isalnum() else "_" for letter in path)
        if endpoint in self._rules:
            return

        def view(label: str, name: str, **values: Any) -> Any:
            request: Any = current_context("admin").request
            admin = self.site.find(label, name)
            page = next((each for each in admin.get_urls() if each.path == path), None)
            if page is None:
                raise NotFound(gettext("There is no such page."))
            if page.permission is None and not admin.has_view_permission(request):
                raise Forbidden(gettext("You may not do this."))
            return _answer(page, request, values)

        self._put(endpoint, f"/<label>/<name>/{path}", view, _VERBS)

    def open(self, setup: Any) -> None:
        """Put all pages into the app of a blueprint's `setup`, and later ones too."""
        home = (weakref.ref(setup.app), setup.name, setup.url_prefix)
        self._homes.append(home)
        for endpoint in self._rules:
            self._place(home, endpoint)

    def _put(self, endpoint: str, rule: str, view: Callable[..., Any], methods: Sequence[str]) -> None:
        self._rules[endpoint] = (rule, view, methods)
        for home in self._homes:
            self._place(home, endpoint)

    def _place(self, home: tuple[weakref.ref[Any], str, str], endpoint: str) -> None:
        app, (rule, view, methods) = home[0](), self._rules[endpoint]
        if app is not None:
            app.add_url_rule(f"{home[2].rstrip('/')}{rule}", f"{home[1]}.{endpoint}", view, methods=list(methods))


def _answer(page: Page, request: Any, values: dict[str, Any]) -> Any:
    if not may_see(page, request):
        raise Forbidden(gettext("You may not do this."))
    verb = "GET" if request.method == "HEAD" else request.method
    if verb not in page.methods:
        raise MethodNotAllowed(page.methods)
    return page.view(request, **values)
