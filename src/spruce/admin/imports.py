"""Imports of CSV: each row is a form, all of them are saved or none, and a dry run tells beforehand what would happen.

The first line names fields. A row with a key changes that object, one without adds one. A dry run saves everything too,
and takes it back: so it also finds what the database itself would refuse, and rows that are in each other's way.
"""

import csv
import io
from typing import Any, NamedTuple

from spruce import db
from spruce.admin.columns import label_of_field, snapshot
from spruce.admin.exports import FORMULAS
from spruce.errors import DatabaseError
from spruce.i18n import gettext

__all__ = ["MOST", "Import", "RowError"]

MOST = 5000
_FORMULAS = tuple(f"'{sign}" for sign in FORMULAS)
_SHOWN_ERRORS = 100


class RowError(NamedTuple):
    """What is wrong with a line of the file; `field` is "" for the line as a whole."""

    line: int
    field: str
    text: str


class _Undo(Exception):
    """Leaves the transaction without its changes."""


class Import:
    """One file, for who asks: `run()` fills `added`, `changed` and `errors`."""

    def __init__(self, request: Any, admin: Any, text: str) -> None:
        self.request, self.admin, self.text = request, admin, text
        self.meta = admin.model._meta
        self.added = self.changed = 0
        self.errors: list[RowError] = []
        self.may_add = admin.has_add_permission(request)
        self.may_change = admin.has_change_permission(request)

    def run(self, dry: bool) -> bool:
        """Read and save all rows; with `dry`, or if anything is wrong, nothing stays. Whether nothing is wrong."""
        try:
            with db.atomic():
                self._read()
                if dry or self.errors:
                    raise _Undo
        except _Undo:
            pass
        return not self.errors

    def _fault(self, line: int, text: str, field: str = "") -> None:
        if len(self.errors) < _SHOWN_ERRORS:
            self.errors.append(RowError(line, field, text))

    def _read(self) -> None:
        reader = csv.reader(io.StringIO(self.text.removeprefix("\ufeff"), newline=""))
        try:
            lines = [(reader.line_num, row) for row in reader if any(row)]
        except csv.Error as error:
            self._fault(reader.line_num, str(error))
            return
        if not lines:
            self._fault(1, gettext("The file is empty."))
            return
        if len(lines) > MOST + 1:
            self._fault(1, gettext("One import takes %(number)s rows at most.", number=MOST))
            return
        names = self._names([name.strip() for name in lines[0][1]])
        if self.errors:
            return
        for line, row in lines[1:]:
            if len(row) != len(names):
                wrong = gettext("It has %(found)s columns, and not %(wanted)s.", found=len(row), wanted=len(names))
                self._fault(line, wrong)
                continue
            self._row(line, dict(zip(names, map(_plain, row), strict=True)))

    def _names(self, head: list[str]) -> list[str]:
        """The names of the fields of the columns; those that the form doesn't have are read over."""
        names = []
        for name in head:
            field = self.meta.paths.get(name)
            found = field.name if field is not None else name
            if field is None:
                self._fault(1, gettext("There is no such field."), name)
            names.append(found)
        if len(set(names)) < len(names):
            self._fault(1, gettext("A field is named twice."))
        return names

    def _row(self, line: int, values: dict[str, str]) -> None:
        key = values.pop(self.meta.pk.name, "") if self.meta.counted else ""
        obj = self.admin.get_object(self.request, key) if key else None
        if key and obj is None:
            self._fault(line, gettext("There is no such object."), self.meta.pk.name)
            return
        if not (self.admin.has_change_permission(self.request, obj) if obj is not None else self.may_add):
            self._fault(line, gettext("You may not do this."))
            return
        form = self._form(obj, values)
        if not form.is_valid():
            for name, texts in form.errors.items():
                self._fault(line, " ".join(texts), "" if name == "__all__" else name)
            return
        try:
            with db.atomic():
                self._save(form, obj)
        except DatabaseError as error:
            self._fault(line, str(error))

    def _form(self, obj: Any, values: dict[str, str]) -> Any:
        """The form of a row: of a new object with all fields, else with those of the file."""
        known = self.admin.get_form(self.request, obj, change=obj is not None).base_fields
        wanted = None if obj is None else [name for name in known if name in values]
        kind = self.admin.get_form(self.request, obj, change=obj is not None, fields=wanted)
        if obj is None:
            for name, field in kind.base_fields.items():
                initial = field.initial() if callable(field.initial) else field.initial
                if name not in values and initial is not None:
                    values[name] = str(field.prepare_value(initial))
        return kind(values, {}, instance=obj)

    def _save(self, form: Any, obj: Any) -> None:
        change = obj is not None
        names = list(form.fields)
        before = snapshot(self.admin.model._base.get(pk=obj.pk), names) if change else {}
        saved = self.admin.save_form(self.request, form, change)
        self.admin.save_model(self.request, saved, form, change)
        self.admin.save_related(self.request, form, [], change)
        after = snapshot(saved, names)
        differences = [
            {
                "name": name,
                "field": label_of_field(self.admin.model, name),
                "before": before.get(name, ""),
                "after": text,
            }
            for name, text in after.items()
            if text != before.get(name)
        ]
        if change and differences:
            self.changed += 1
            self.admin.log_change(self.request, saved, differences)
        elif not change:
            self.added += 1
            self.admin.log_addition(self.request, saved, differences)


def _plain(text: str) -> str:
    """A cell as it was before an export kept it from being a formula."""
    return text[1:] if text.startswith(_FORMULAS) else text
