"""Where the reader is led after something was added, changed or deleted, and what is said about it."""

from typing import Any
from urllib.parse import parse_qsl, urlencode

from spruce.http import Response
from spruce.i18n import gettext
from spruce.web import flash, redirect

__all__ = [
    "FILTERS",
    "POPUP",
    "after_add",
    "after_change",
    "after_delete",
    "is_popup",
    "kept_filters",
    "list_url",
    "popup_done",
]

FILTERS = "_changelist_filters"
"""The parameter in which pages carry on what the list was filtered by."""
POPUP = "_popup"
_MOST_PARAMETERS = 50


def is_popup(request: Any) -> bool:
    """Whether the page is in a window of its own, that another page has opened for one of its fields."""
    return POPUP in request.args


def kept_filters(request: Any, admin: Any) -> dict[str, str]:
    """What the list was filtered by from which the reader came, and whether this is a window of its own."""
    popup = {POPUP: "1"} if is_popup(request) else {}
    if not admin.preserve_filters:
        return popup
    if request.endpoint == f"{admin.admin_site.name}.changelist":
        kept = request.query_string.decode("ascii", "ignore")
    else:
        kept = request.args.get(FILTERS, "")
    pairs = parse_qsl(kept, keep_blank_values=True)[:_MOST_PARAMETERS]
    text = urlencode([pair for pair in pairs if pair[0] != POPUP])
    return ({FILTERS: text} if text else {}) | popup


def list_url(request: Any, admin: Any) -> str:
    """The list as the reader has left it."""
    kept = kept_filters(request, admin)
    parts = [kept[FILTERS]] if FILTERS in kept else []
    parts += [urlencode({POPUP: "1"})] if POPUP in kept else []
    path: str = admin.admin_site.url(admin)
    return f"{path}?{'&'.join(parts)}" if parts else path


def popup_done(admin: Any, action: str, key: Any, text: str) -> Response:
    """A page that tells the one which has opened the window what was done, and closes it."""
    data = {"action": action, "key": str(key), "text": text}
    name = admin.popup_response_template or "admin/popup_done.html"
    answer: Response = admin.admin_site.render(name, popup_data=data, text=text)
    return answer


def after_add(admin: Any, request: Any, obj: Any) -> Response:
    """To the list, to the object, or to the page for another one."""
    if is_popup(request):
        return popup_done(admin, "add", obj.pk, str(obj))
    _tell(admin, obj, gettext("The %(name)s “%(object)s” was added."))
    if "_saveasnew" in request.form and admin.save_as_continue:
        return redirect(admin.admin_site.url(admin, "change", key=obj.pk, **kept_filters(request, admin)), 303)
    return _onward(admin, request, obj)


def after_change(admin: Any, request: Any, obj: Any) -> Response:
    """To the list, to the object again, or to the page for a new one."""
    if is_popup(request):
        return popup_done(admin, "change", obj.pk, str(obj))
    _tell(admin, obj, gettext("The %(name)s “%(object)s” was saved."))
    return _onward(admin, request, obj)


def after_delete(admin: Any, request: Any, text: str, key: Any) -> Response:
    """To the list, or to the first page for who may not see it."""
    if is_popup(request):
        return popup_done(admin, "delete", key, text)
    name = str(admin.model._meta.verbose_name)
    flash(gettext("The %(name)s “%(object)s” was deleted.", name=name, object=text), "success")
    if not admin.has_view_permission(request):
        return redirect(admin.admin_site._url("index"), 303)
    return redirect(list_url(request, admin), 303)


def _tell(admin: Any, obj: Any, text: str) -> None:
    flash(text % {"name": str(admin.model._meta.verbose_name), "object": obj}, "success")


def _onward(admin: Any, request: Any, obj: Any) -> Response:
    site, kept = admin.admin_site, kept_filters(request, admin)
    if "_addanother" in request.form and admin.has_add_permission(request):
        return redirect(site.url(admin, "add", **kept), 303)
    if "_continue" in request.form and admin.has_view_permission(request, obj):
        return redirect(site.url(admin, "change", key=obj.pk, **kept), 303)
    if not admin.has_view_permission(request):
        return redirect(site._url("index"), 303)
    return redirect(list_url(request, admin), 303)
