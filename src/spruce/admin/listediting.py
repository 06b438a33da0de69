"""`list_editable`: columns that are changed in the list itself, row by row, in one transaction.

Each input has a hidden one beside it with what it showed at first. So only what the reader really changed is written,
and only if it is still what the reader saw: what somebody else has changed meanwhile is a mistake of that row, which
shows both values. If anything is wrong with any row, nothing is written.
"""

from typing import Any

from spruce import db, forms
from spruce.admin.autocomplete import AutocompleteWidget
from spruce.admin.columns import label_of_field, snapshot
from spruce.errors import AdminError, Forbidden, IntegrityError
from spruce.forms.errors import NON_FIELD_ERRORS
from spruce.forms.mapping import is_editable
from spruce.i18n import gettext

__all__ = ["ListEditor", "check_editable"]

ROW = "_row"
"""The hidden inputs with the keys of the rows that the page showed."""


class ListEditor:
    """The inputs of one list, for who asks; `names` are the columns that they may change."""

    def __init__(self, request: Any, admin: Any, columns: list[Any]) -> None:
        self.request, self.admin = request, admin
        fixed = admin.fixed_fields(request)
        shown_names = {one.name for one in columns}
        seen = [name for name in admin.list_editable if admin.may_see_field(request, name)]
        for name in seen:
            check_editable(admin, name, shown_names)
        self.names = [name for name in seen if name not in fixed]
        self.kind = admin.get_changelist_form(request, fields=self.names)
        self.errors: dict[str, Any] = {}
        self.has_conflict = False
        self.saved = 0
        self._data: Any = None
        self._forms: dict[Any, Any] = {}
        self._choices: dict[str, Any] = {}

    # ---- showing ----------------------------------------------------------------------------------------------------

    def form(self, obj: Any) -> Any:
        """The inputs of a row, None where who asks may not change it."""
        if obj.pk not in self._forms:
            self._forms[obj.pk] = self._made(obj) if self.admin.has_change_permission(self.request, obj) else None
        return self._forms[obj.pk]

    def _made(self, obj: Any) -> Any:
        form = self.kind(self._data, instance=obj, prefix=_prefix(obj.pk))
        for name in self.names:
            if not self._may_change(name, obj):
                del form.fields[name]
        if self._data is not None:  # its mistakes are known, and only what was changed is looked at
            form._errors = self.errors.get(str(obj.pk), {})
        for name, field in form.fields.items():
            if isinstance(field.widget, AutocompleteWidget):
                field.widget.texts = {str(getattr(obj, f"{name}_id", "")): str(getattr(obj, name) or "")}
            elif isinstance(field, forms.ModelChoiceField):
                if name not in self._choices:  # asked for once, not for each row
                    self._choices[name] = list(field.choices)
                field.choices = self._choices[name]
        return form

    @property
    def media(self) -> Any:
        """The style sheets and scripts of the inputs."""
        return self.kind().media

    def label(self, obj: Any, column: Any) -> str:
        """What an input is called: its column, and its row."""
        return f"{column.label}, {obj}"

    def problems(self, obj: Any) -> Any:
        """What is wrong with a row as a whole."""
        return self.errors.get(str(obj.pk), {}).get(NON_FIELD_ERRORS, [])

    def _may_change(self, name: str, obj: Any) -> bool:
        """Whether who asks may change a field of this row."""
        return bool(
            self.admin.may_see_field(self.request, name, obj)
            and self.admin.has_field_permission(self.request, name, obj, "change")
        )

    # ---- saving -----------------------------------------------------------------------------------------------------

    def save(self) -> bool:
        """Save all rows, if all of them are right; else `errors` has what is wrong, by key."""
        data = self.request.form
        keys = list(dict.fromkeys(data.getlist(ROW)))[: self.admin.list_max_show_all + self.admin.list_per_page]
        self._data = data.copy()
        try:
            with db.atomic():
                current = self._locked(keys)
                changed = [self._looked_at(key, current.get(key)) for key in keys]
                if not self.errors:
                    for each in changed:
                        if each is not None:
                            self._write(*each)
        except IntegrityError as error:  # somebody else was faster than our checks
            self.errors[""] = {NON_FIELD_ERRORS: [str(error)]}
        return not self.errors

    def rows(self) -> list[Any]:
        """The rows that were sent, as they are in the database now, in the order of the page."""
        found = self._query(self.request.form.getlist(ROW))
        by_key = {str(obj.pk): obj for obj in found}
        return [by_key[key] for key in dict.fromkeys(self.request.form.getlist(ROW)) if key in by_key]

    def _query(self, keys: list[str]) -> Any:
        clean = self.admin.model._meta.pk.clean
        values = []
        for key in keys:
            try:
                values.append(clean(key))
            except (ValueError, TypeError, forms.ValidationError):
                continue
        return self.admin.get_queryset(self.request).filter(pk__in=values)

    def _locked(self, keys: list[str]) -> dict[str, Any]:
        return {str(obj.pk): obj for obj in self._query(keys).select_for_update()}

    def _looked_at(self, key: str, obj: Any) -> Any:
        """A changed row: its object, its form, and what it was like before; None for one without changes."""
        if obj is None:
            self.errors[""] = {NON_FIELD_ERRORS: [gettext("A row is gone: somebody has deleted it meanwhile.")]}
            return None
        sent = self.kind(self._data, instance=obj, prefix=_prefix(obj.pk))
        names = [name for name in self.names if _differs(sent[name])]
        if not names:
            return None
        may_change = self.admin.has_change_permission(self.request, obj)
        if not may_change or not all(self._may_change(name, obj) for name in names):
            raise Forbidden(gettext("You may not do this."))
        before = snapshot(obj, names)
        conflicts = self._conflicts(obj, names)
        kind = self.admin.get_changelist_form(self.request, fields=names)
        form = kind(self._data, instance=obj, prefix=_prefix(obj.pk))
        form.is_valid()
        for name in conflicts:
            self.has_conflict = True
            text = gettext("Somebody else has changed this to “%(value)s” meanwhile.", value=before[name])
            form.add_error(name, text)
        if form.errors:
            self.errors[key] = form.errors
            return None
        return obj, form, before

    def _conflicts(self, obj: Any, names: list[str]) -> list[str]:
        """The fields that are neither what the reader saw nor what the reader wants; next time the present is seen."""
        now = self.kind(instance=obj, prefix=_prefix(obj.pk))
        found = []
        for name in names:
            bound = now[name]
            hidden = bound.field.hidden_widget()
            seen = hidden.value_from_datadict(self._data, {}, bound.html_initial_name)
            wanted = bound.field.widget.value_from_datadict(self._data, {}, bound.html_name)
            if bound.field.has_changed(bound.initial, seen) and bound.field.has_changed(bound.initial, wanted):
                found.append(name)
                present = hidden.format_value(bound.field.prepare_value(bound.initial))
                self._data[bound.html_initial_name] = "" if present is None else present
        return found

    def _write(self, obj: Any, form: Any, before: dict[str, str]) -> None:
        admin, request = self.admin, self.request
        obj = admin.save_form(request, form, True)
        admin.save_model(request, obj, form, True)
        admin.save_related(request, form, [], True)
        after = snapshot(obj, list(before))
        changes = [
            {"name": name, "field": label_of_field(admin.model, name), "before": before[name], "after": after[name]}
            for name in before
            if after[name] != before[name]
        ]
        self.saved += 1
        admin.log_change(request, obj, changes)


def _prefix(key: Any) -> str:
    return f"row-{key}"


def _differs(bound: Any) -> bool:
    """Whether what came for a field is something else than what it showed; no query is needed for that."""
    field = bound.field
    seen = field.hidden_widget().value_from_datadict(bound.form.data, {}, bound.html_initial_name)
    if not isinstance(field, forms.ModelChoiceField):
        try:
            seen = field.to_python(seen)
        except forms.ValidationError:
            return True
    return bool(field.has_changed(seen, bound.data))


def check_editable(admin: Any, name: str, columns: set[str]) -> None:
    """Raise AdminError for a column that cannot be changed in a list."""
    said = f"{type(admin).__name__}.list_editable has {name!r}"
    field = admin.model._meta.paths.get(name)
    if name not in columns:
        raise AdminError(f"{said}, which is not in list_display")
    if admin.list_display_links and name in admin.list_display_links:
        raise AdminError(f"{said}, which is in list_display_links too", hint="A column is an input or a link.")
    if field is None or isinstance(field, db.FileField) or not is_editable(field):
        raise AdminError(f"{said}, which is no field that forms can change in a line")
