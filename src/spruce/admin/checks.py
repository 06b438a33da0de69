"""What `spruce check` looks for in the classes of an admin: options that lead nowhere, before anybody opens a page.

Each check takes a ModelAdmin or an inline and yields what is wrong, in a sentence that begins with the option.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from spruce import db, forms
from spruce.admin.autocomplete import widget_for
from spruce.admin.columns import column
from spruce.admin.fieldfilters import make_filter
from spruce.admin.filters import SimpleListFilter, target_of
from spruce.admin.formoptions import HORIZONTAL, VERTICAL, FormOptions
from spruce.admin.inlines import InlineModelAdmin
from spruce.admin.listediting import check_editable
from spruce.admin.options import ModelAdmin
from spruce.errors import AdminError, SpruceError, nearest
from spruce.http import Request

__all__ = ["check_site"]

_LISTS = (
    "list_display", "list_filter", "list_editable", "search_fields", "ordering", "readonly_fields", "raw_id_fields",
    "filter_horizontal", "filter_vertical", "autocomplete_fields", "inlines", "export_fields", "fieldsets", "fields",
    "exclude", "actions", "list_display_links", "sortable_by",
)  # fmt: skip
_NUMBERS = ("list_per_page", "list_max_show_all", "extra", "min_num", "max_num")
_SWITCHES = (
    "save_as", "save_as_continue", "save_on_top", "show_full_result_count", "preserve_filters", "actions_on_top",
    "actions_on_bottom", "actions_selection_counter", "search_globally", "can_delete", "show_change_link",
)  # fmt: skip


def check_site(site: Any) -> list[str]:
    """Return what is wrong with the classes of a site, each as a sentence; nothing asks the database."""
    found = []
    for admin in site.admins():
        found += [f"{type(admin).__name__}.{text}" for text in _faults(admin, _OF_LISTS + _OF_FORMS)]
        for kind in admin.inlines if isinstance(admin.inlines, list | tuple) else ():
            if _is_inline(kind) and hasattr(kind.model, "_meta"):
                found += [f"{kind.__name__}.{text}" for text in _of_inline(kind, admin)]
    return found


def _of_inline(kind: Any, admin: Any) -> Iterator[str]:
    try:
        inline = kind(admin.model, admin.admin_site)
    except (SpruceError, ValueError) as error:
        yield f"model cannot be shown with {admin.model.__name__}: {error}"
        return
    yield from _faults(inline, _OF_FORMS)


def _faults(admin: Any, checks: tuple[Callable[[Any], Iterator[str]], ...]) -> Iterator[str]:
    wrong = list(_shapes(admin))
    if wrong:  # nothing else can be looked at
        yield from wrong
        return
    for check in checks:
        yield from check(admin)


def _said(option: str, action: Callable[[], Any]) -> Iterator[str]:
    """What is wrong according to what shows the option itself."""
    try:
        action()
    except (SpruceError, ValueError) as error:
        text = str(error)
        yield text.split(".", 1)[1] if f".{option}" in text.split(" ")[0] else f"{option}: {text}"


# ---- shapes ----------------------------------------------------------------------------------------------------------


def _shapes(admin: Any) -> Iterator[str]:
    for name in _LISTS:
        value = getattr(admin, name, None)
        if value is not None and not isinstance(value, list | tuple | set | frozenset):
            yield f"{name} is {value!r}, and has to be a list or a tuple"
    for name in _NUMBERS:
        value = getattr(admin, name, None)
        if value is not None and (not isinstance(value, int) or isinstance(value, bool) or value < 0):
            yield f"{name} is {value!r}, and has to be a number"
    for name in _SWITCHES:
        if not isinstance(getattr(admin, name, True), bool):
            yield f"{name} is {getattr(admin, name)!r}, and has to be True or False"
    if not (isinstance(admin.form, type) and issubclass(admin.form, forms.BaseModelForm)):
        yield f"form is {admin.form!r}, and has to be a class derived from ModelForm"
    if isinstance(admin, InlineModelAdmin) and not _is_formset(admin.formset):
        yield f"formset is {admin.formset!r}, and has to be a class derived from BaseModelFormSet"
    yield from _slips(admin)


def _is_formset(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, forms.BaseModelFormSet)


def _slips(admin: Any) -> Iterator[str]:
    """Names that are nearly those of options."""
    base: Any = ModelAdmin if isinstance(admin, ModelAdmin) else InlineModelAdmin
    known = [name for name in dir(base) if not name.startswith("_")]
    for kind in type(admin).__mro__:
        if kind in (base, *base.__mro__):
            continue
        for name, value in vars(kind).items():
            near = nearest(name, known)
            is_own = name.startswith("_") or callable(value) or name in known or isinstance(value, property)
            if near and not is_own and name not in admin.model._meta.paths:
                yield f"{name} is no option{near}"


# ---- lists -----------------------------------------------------------------------------------------------------------


def _has_several(model: Any, name: Any) -> bool:
    """Whether a name is that of a relation to several rows."""
    meta = model._meta
    known = not isinstance(name, str) or name in meta.paths or "__" in name
    return name in meta.many or (not known and any(getattr(step, "many", False) for step in meta.over(name)))


def _columns(admin: Any) -> Iterator[str]:
    names = set()
    for name in admin.list_display:
        names.add(name if isinstance(name, str) else getattr(name, "__name__", ""))
        if _has_several(admin.model, name):
            yield f"list_display has {name!r}, which has several rows; write a method that says what is shown of them"
        else:
            yield from _said("list_display", lambda name=name: column(admin, name))  # type: ignore[misc] # bound now
    said_later = type(admin).get_list_display is not ModelAdmin.get_list_display
    for option in () if said_later else ("list_display_links", "sortable_by"):
        for name in getattr(admin, option) or ():
            if isinstance(name, str) and name not in names:
                yield f"{option} has {name!r}, which is not in list_display{nearest(name, names)}"
    for name in admin.list_editable:
        yield from _said("list_editable", lambda name=name: check_editable(admin, name, names))  # type: ignore[misc] # bound now


def _filters(admin: Any) -> Iterator[str]:
    request = Request("GET", "/")
    for entry in admin.list_filter:
        if isinstance(entry, list | tuple) and len(entry) != 2:
            yield f"list_filter has {entry!r}, and a pair is a field's name and a class"
        elif not (isinstance(entry, type) and issubclass(entry, SimpleListFilter)):
            yield from _said("list_filter", lambda entry=entry: make_filter(admin, entry, request))  # type: ignore[misc] # bound now
        elif not (entry.title and entry.parameter_name):
            yield f"list_filter has {entry.__name__}, which needs a title and a parameter_name"
    if admin.date_hierarchy:
        try:
            field = target_of(admin, admin.date_hierarchy)
        except AdminError:
            field = None
        if not isinstance(getattr(field, "output_field", field), db.DateField | db.DateTimeField):
            yield f"date_hierarchy is {admin.date_hierarchy!r}, which is no field of dates"


def _searches(admin: Any) -> Iterator[str]:
    for name in admin.search_fields:
        path = str(name).lstrip("^=@").split("__")
        while path:
            try:
                target_of(admin, "__".join(path))
                break
            except AdminError:
                path.pop()
        if not path:
            yield f"search_fields has {name!r}, and {admin.model.__name__} has no such field"


def _orders(admin: Any) -> Iterator[str]:
    if "?" in admin.ordering and len(admin.ordering) > 1:
        yield "ordering has '?', which is any order, and something besides"
    if not isinstance(admin.list_select_related, bool | list | tuple):
        yield f"list_select_related is {admin.list_select_related!r}, and has to be True, False, a list or a tuple"
    for name in admin.ordering:
        if isinstance(name, str) and name not in ("?", "pk", "-pk"):
            first = name.lstrip("-").split("__")[0]
            if not admin.model._meta.knows(first):
                yield f"ordering has {name!r}, and {admin.model.__name__} has no {first!r}{_near(admin, first)}"


def _inlines(admin: Any) -> Iterator[str]:
    for kind in admin.inlines:
        if not _is_inline(kind):
            yield f"inlines has {kind!r}, which is no class derived from TabularInline or StackedInline"
        elif kind.model is None:
            yield f"inlines has {kind.__name__}, which has no model"
        elif not hasattr(kind.model, "_meta"):
            yield f"inlines has {kind.__name__}, whose model is {kind.model!r}, and that is none"


def _is_inline(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, InlineModelAdmin)


def _actions(admin: Any) -> Iterator[str]:
    names: list[str] = []
    for entry in admin.actions or ():
        if isinstance(entry, str) and not hasattr(admin, entry):
            yield f"actions has {entry!r}, and there is no such method"
            continue
        function = entry if callable(entry) else getattr(type(admin), entry)
        name = getattr(function, "__name__", "")
        if name in names:
            yield f"actions has {name!r} twice"
        names.append(name)
        for right in getattr(function, "allowed_permissions", ()):
            if not hasattr(admin, f"has_{right}_permission"):
                yield f"actions has {name!r}, which needs has_{right}_permission, and there is no such method"


# ---- forms -----------------------------------------------------------------------------------------------------------


def _near(admin: FormOptions, name: str) -> str:
    return nearest(name, [*admin.model._meta.paths, *admin.model._meta.many])


def _field(admin: Any, name: Any) -> Any:
    meta = admin.model._meta
    return meta.paths.get(name) or meta.many.get(name) if isinstance(name, str) else None


def _shown(admin: Any) -> Iterator[str]:
    """`fields`, `fieldsets` and `readonly_fields`."""
    if admin.fields is not None and admin.fieldsets:
        yield "fields is there, and so is fieldsets: one of them says what is shown"
    entries = list(admin.fields or ())
    for group in admin.fieldsets or ():
        if not (isinstance(group, list | tuple) and len(group) == 2 and isinstance(group[1], Mapping)):
            yield f"fieldsets has {group!r}, and a group is a title and a dict with fields"
        elif "fields" not in group[1]:
            yield f"fieldsets has {group[0]!r}, which has no fields"
        else:
            entries += group[1]["fields"]
    flat = [name for entry in entries for name in (entry if isinstance(entry, list | tuple) else [entry])]
    option = "fieldsets" if admin.fieldsets else "fields"
    for name in dict.fromkeys(name for name in flat if flat.count(name) > 1):
        yield f"{option} has {name!r} twice"
    declared = getattr(admin.form, "declared_fields", {})
    for name in flat:
        if name not in admin.readonly_fields and name not in declared and _field(admin, name) is None:
            yield f"{option} has {name!r}, which {admin.model.__name__} has not{_near(admin, str(name))}"
    for name in admin.readonly_fields:
        if name not in admin.model._meta.many:
            yield from _said("readonly_fields", lambda name=name: column(admin, name))  # type: ignore[misc] # bound now
    for name in dict.fromkeys(admin.exclude or ()):
        if list(admin.exclude).count(name) > 1:
            yield f"exclude has {name!r} twice"


def _relations(admin: Any) -> Iterator[str]:
    for option, several in (("raw_id_fields", False), ("filter_horizontal", True), ("filter_vertical", True)):
        for name in getattr(admin, option):
            field = _field(admin, name)
            many = isinstance(field, db.ManyToManyField)
            if field is None:
                yield f"{option} has {name!r}, which {admin.model.__name__} has not{_near(admin, str(name))}"
            elif field.name != name:
                yield f"{option} has {name!r}, which is the column of {field.name!r}: name the field"
            elif not many and (several or not field.is_relation):
                yield f"{option} has {name!r}, which is no {'many-to-many field' if several else 'relation'}"
            elif many and not field.made:
                yield f"{option} has {name!r}, whose rows in between are the program's own: show them as an inline"
    for name in admin.autocomplete_fields:
        field = _field(admin, name)
        if field is None:
            yield f"autocomplete_fields has {name!r}, which {admin.model.__name__} has not{_near(admin, str(name))}"
        else:
            yield from _said("autocomplete_fields", lambda field=field: widget_for(admin, field))  # type: ignore[misc] # bound now


def _choices(admin: Any) -> Iterator[str]:
    for name in admin.radio_fields:
        field = _field(admin, name)
        if field is None or isinstance(field, db.ManyToManyField) or not (field.is_relation or field.choices):
            yield f"radio_fields has {name!r}, which is neither a foreign key nor a field with choices"
        elif isinstance(admin.radio_fields, Mapping) and admin.radio_fields[name] not in (HORIZONTAL, VERTICAL):
            yield f"radio_fields[{name!r}] is {admin.radio_fields[name]!r}, and has to be HORIZONTAL or VERTICAL"


def _prepopulated(admin: Any) -> Iterator[str]:
    if not isinstance(admin.prepopulated_fields, Mapping):
        yield "prepopulated_fields has to be a dict of a field's name and a list of others"
        return
    for name, sources in admin.prepopulated_fields.items():
        field = _field(admin, name)
        if field is None or isinstance(field, db.ManyToManyField | db.DateTimeField) or field.is_relation:
            yield f"prepopulated_fields has {name!r}, which is no field that takes text"
        for source in sources:
            if _field(admin, source) is None:
                yield f"prepopulated_fields fills {name!r} from {source!r}, which is no field{_near(admin, source)}"


_OF_LISTS: tuple[Callable[[Any], Iterator[str]], ...] = (_columns, _filters, _searches, _orders, _inlines, _actions)
_OF_FORMS: tuple[Callable[[Any], Iterator[str]], ...] = (_shown, _relations, _choices, _prepopulated)
