"""Bulk actions: what is done to the objects that were chosen in a list, asked about first where that matters."""

from typing import Any

from spruce import db, forms
from spruce.admin.changelist import MOST
from spruce.admin.deletion import Going
from spruce.errors import BadRequest, Forbidden
from spruce.http import Response
from spruce.i18n import gettext, gettext_lazy, ngettext
from spruce.web import flash, make_response, redirect

__all__ = ["chosen", "delete_selected", "run"]


_BY_OBJECT = ("view", "change", "delete")


def delete_selected(model_admin: Any, request: Any, queryset: Any) -> None:
    """Delete the chosen objects, with a note of each."""
    objects = list(queryset)
    for obj in objects:
        if not model_admin.has_delete_permission(request, obj):
            raise Forbidden(gettext("You may not delete this."))
    _, _, forbidden, protected = model_admin.get_deleted_objects(objects, request)
    if protected:
        flash(gettext("Not deleted: other objects protect them."), "error")
        return
    if forbidden:
        text = gettext("You may not delete what would go with it: %(names)s.", names=", ".join(sorted(forbidden)))
        flash(text, "error")
        return
    for obj in objects:
        model_admin.log_deletion(request, obj)
    model_admin.delete_queryset(request, model_admin.get_queryset(request).filter(pk__in=[obj.pk for obj in objects]))
    text = ngettext("%(num)d object was deleted.", "%(num)d objects were deleted.", len(objects))
    flash(text, "success")


_delete: Any = delete_selected
_delete.short_description = gettext_lazy("Delete the selected %(verbose_name_plural)s")
_delete.allowed_permissions = ("delete",)
_delete.needs_confirmation = True


def chosen(model_admin: Any, request: Any) -> Any:
    """The query of the objects that were chosen. Raises BadRequest for more than an action takes."""
    if request.form.get("select_across"):
        found = model_admin.get_changelist_instance(request).query
        if found.order_by()[: MOST + 1].count() > MOST:
            raise BadRequest(gettext("One action takes %(number)s objects at most.", number=MOST))
        keys = [obj.pk for obj in found[:MOST]]
        return model_admin.get_queryset(request).filter(pk__in=keys)
    keys = []
    for text in request.form.getlist("_selected_action"):
        try:
            keys.append(model_admin.model._meta.pk.clean(text))
        except (ValueError, TypeError, forms.ValidationError):
            continue
    if len(keys) > MOST:
        raise BadRequest(gettext("One action takes %(number)s objects at most.", number=MOST))
    return model_admin.get_queryset(request).filter(pk__in=keys)


def run(model_admin: Any, request: Any, show: Any) -> Any:
    """Run the action that was chosen, or ask first; `show(page, …)` makes the page that asks."""
    names = request.form.getlist("action")
    place = 1 if request.form.get("index") == "1" and len(names) > 1 else 0
    name = names[place] if names else ""
    actions = model_admin.get_actions(request)
    if name not in actions and name in model_admin.all_actions():
        raise Forbidden(gettext("You may not do this."))
    if name not in actions:
        flash(gettext("No action selected."), "error")
        return redirect(request.full_path.rstrip("?"), 303)
    function, label = actions[name]
    query = chosen(model_admin, request)
    objects = list(query)
    if not objects:
        flash(gettext("Select the objects first."), "error")
        return redirect(request.full_path.rstrip("?"), 303)
    _check_each(model_admin, request, function, objects)
    if getattr(function, "needs_confirmation", False) and request.form.get("confirmed") != "yes":
        going, forbidden, template = None, set(), None
        if function is delete_selected:
            template = model_admin.delete_selected_confirmation_template
            groups, _, forbidden, protected = model_admin.get_deleted_objects(objects, request)
            going = Going(groups, protected, {})
        values = {"going": going, "forbidden": sorted(forbidden), "template": template}
        return show("confirm_action", objects=objects, action=name, action_label=label, **values)
    with db.atomic():
        answer = function(model_admin, request, query)
    if isinstance(answer, Response):
        return answer
    return make_response(redirect(request.full_path.rstrip("?"), 303))


def _check_each(model_admin: Any, request: Any, function: Any, objects: list[Any]) -> None:
    """Raise Forbidden if who asks has not the right that an action needs to each of the objects."""
    for right in getattr(function, "allowed_permissions", ()):
        if right in _BY_OBJECT:
            may = getattr(model_admin, f"has_{right}_permission")
            if not all(may(request, obj) for obj in objects):
                raise Forbidden(gettext("You may not do this to all of these."))
