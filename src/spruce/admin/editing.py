"""The page of one object: its form with fieldsets and inlines, and what saving it does."""

from typing import Any

from spruce import db
from spruce.admin.columns import column, label_of_field, shown, snapshot
from spruce.admin.locking import FIELD, version_of
from spruce.admin.related import page_of_target, related_links
from spruce.i18n import gettext

__all__ = ["Editor"]


class _ReadOnly:
    """A field that is only shown."""

    is_readonly = True
    is_hidden = False
    errors: tuple[str, ...] = ()
    href = ""

    def __init__(self, admin: Any, obj: Any, name: Any) -> None:
        meta = admin.model._meta
        self.name = name if isinstance(name, str) else name.__name__
        if name in meta.many:
            self.label, self.help_text = label_of_field(admin.model, name), ""
            rows = [] if obj is None or obj.pk is None else getattr(obj, name).all()
            self.contents: Any = ", ".join(map(str, rows)) or shown(None)
            return
        made = column(admin, name)
        self.label = made.label
        self.help_text = getattr(meta.paths.get(name) if isinstance(name, str) else None, "help_text", "")
        self.contents = shown(None) if obj is None else made.cell(obj)


class _Group:
    """A fieldset: lines of fields, each a BoundField or one that is only shown."""

    def __init__(self, title: Any, options: dict[str, Any], lines: list[list[Any]]) -> None:
        self.title, self.lines = title, lines
        self.description = options.get("description", "")
        self.classes = " ".join(name for name in options.get("classes", ()) if name != "collapse")
        self.is_collapsed = "collapse" in options.get("classes", ())
        self.has_errors = any(field.errors for line in lines for field in line)


class Editor:
    """One page of an object, or of a new one (`obj` None), for a request; `is_copy` if it comes from another's page."""

    def __init__(self, request: Any, admin: Any, obj: Any, is_copy: bool = False) -> None:
        self.request, self.admin, self.obj, self.is_copy = request, admin, obj, is_copy
        self.may_change = (
            admin.has_change_permission(request, obj) if obj is not None else admin.has_add_permission(request)
        )
        self.is_bound = request.method == "POST"
        self.form = self._form()
        self.inlines = self._inlines()
        self.conflict: list[dict[str, str]] | None = None

    def _names(self) -> list[str]:
        if not self.may_change:
            return []
        readonly = self.admin.fixed_fields(self.request, self.obj)
        return [name for name in self.admin.flat_fields(self.request, self.obj) if name not in readonly]

    def _form(self) -> Any:
        kind = self.admin.get_form(self.request, self.obj, change=self.obj is not None, fields=self._names())
        options: dict[str, Any] = {"instance": self.obj}
        if self.obj is None and not self.is_bound:
            options["initial"] = self.admin.get_changeform_initial_data(self.request)
        if self.is_bound:
            return kind(self.request.form, self.request.files, **options)
        return kind(**options)

    def _inlines(self) -> list[tuple[Any, Any]]:
        made = []
        prefixes: dict[str, int] = {}
        for kind, inline in self.admin.get_formsets_with_inlines(self.request, self.obj):
            prefix = kind.get_default_prefix()
            prefixes[prefix] = prefixes.get(prefix, 0) + 1
            prefix = prefix if prefixes[prefix] == 1 else f"{prefix}-{prefixes[prefix]}"
            options = self.admin.get_formset_kwargs(self.request, self.form.instance, inline, prefix)
            if self.is_bound and self.may_write(inline):
                sent = (self.request.form, self.request.files)
                made.append((inline, kind(*sent, **options, save_as_new=self.is_copy)))
            else:
                made.append((inline, kind(**options)))
        return made

    def may_write(self, inline: Any) -> bool:
        """Whether who asks may do something to the rows of an inline."""
        checks = (inline.has_change_permission, inline.has_delete_permission)
        return self.may_change and (
            inline.has_add_permission(self.request, self.obj) or any(each(self.request, self.obj) for each in checks)
        )

    @property
    def media(self) -> Any:
        """The style sheets and scripts of the page's own fields and rows."""
        found = self.admin.media + self.form.media
        for inline, formset in self.inlines:
            found = found + inline.media + formset.media
        return found

    @property
    def written(self) -> list[Any]:
        """The formsets that who asks may write."""
        return [formset for _, formset in self.inlines if formset.is_bound]

    @property
    def has_inline_errors(self) -> bool:
        """Whether something is wrong with a row of an inline."""
        return any(formset.is_bound and not formset.is_valid() for _, formset in self.inlines)

    @property
    def version(self) -> str:
        """The state in which the object was found; a page that comes back with mistakes keeps that of the first one."""
        if self.obj is None:
            return ""
        if self.is_bound:
            return str(self.request.form.get(FIELD, ""))
        return version_of(self.obj, self._rows(self.obj))

    def _rows(self, obj: Any) -> list[Any]:
        """The rows of the inlines that who asks may write, as they are in the database."""
        found: list[Any] = []
        for inline, formset in self.inlines:
            if self.may_write(inline):
                query = inline.get_queryset(self.request).filter(**{formset.fk.name: obj})
                found += sorted(query, key=lambda row: str(row.pk))
        return found

    def groups(self) -> list[_Group]:
        """The fieldsets."""
        readonly = self.admin.fixed_fields(self.request, self.obj)
        made = []
        for title, options in self.admin.shown_fieldsets(self.request, self.obj):
            lines = []
            for entry in options["fields"]:
                names = entry if isinstance(entry, list | tuple) else [entry]
                lines.append([self._shown(name, readonly) for name in names])
            made.append(_Group(title, options, lines))
        return made

    def _shown(self, name: Any, readonly: set[Any]) -> Any:
        if name in readonly or not self.may_change or name not in self.form.fields:
            made = _ReadOnly(self.admin, self.obj, name)
            made.href = page_of_target(self.request, self.admin, self.obj, name)
            return made
        bound = self.form[name]
        bound.related = related_links(self.request, self.admin, name)
        return bound

    def row_fields(self, inline: Any, form: Any) -> list[Any]:
        """What a row of an inline shows: its fields in their order, those that are not to be changed as texts.

        Rows that are there already are texts for who may only add some.
        """
        obj = form.instance if form.instance.pk is not None else None
        writes = self.may_write(inline) and (obj is None or inline.has_change_permission(self.request, self.obj))
        visible = {field.name: field for field in form.visible_fields()}
        names = [
            name for name in inline.flat_fields(self.request, self.obj) if inline.may_see_field(self.request, name)
        ]
        found = [
            visible.pop(name) if writes and name in visible else _ReadOnly(inline, obj, name)
            for name in names
            if not (name in visible and visible[name].is_hidden)
        ]
        own = [field for name, field in visible.items() if name not in names]  # such as the box to delete the row
        return [*found, *own] if self.may_write(inline) else found

    def prepopulated(self) -> dict[str, list[str]]:
        """The fields of a new object that others fill as people type."""
        if self.obj is not None:
            return {}
        wanted = self.admin.get_prepopulated_fields(self.request, self.obj)
        return {name: list(sources) for name, sources in wanted.items() if name in self.form.fields}

    # ---- saving -----------------------------------------------------------------------------------------------------

    def save(self) -> bool:
        """Save everything in one transaction if all of it is right; False when it isn't, or was changed meanwhile."""
        with db.atomic():
            before: dict[str, str] = {}
            names = [
                name
                for name in self.form.fields
                if name in self.admin.model._meta.paths or name in self.admin.model._meta.many
            ]
            if self.obj is not None:
                current = self._locked()
                version = "" if current is None else version_of(current, self._rows(current))
                if current is None or version != self.request.form.get(FIELD):
                    self.conflict = self._differences(current, names)
                    return False
                before = snapshot(current, names)
            valid = self.form.is_valid()
            formsets = self.written
            wrong = [formset for formset in formsets if not formset.is_valid()]  # all are looked at
            if wrong or not valid:
                return False
            self._write(formsets, before, names)
        return True

    def _locked(self) -> Any:
        """The row as it is now, which nobody else changes until this is done."""
        query = self.admin.get_queryset(self.request).select_for_update()
        return query.filter(pk=self.obj.pk).first()

    def _differences(self, current: Any, names: list[str]) -> list[dict[str, str]]:
        """What the database has now, where that is not what the form would write."""
        if current is None:
            return []
        self.form.is_valid()
        theirs, mine = snapshot(current, names), snapshot(self.form.instance, names)
        found = [
            {"label": label_of_field(self.admin.model, name), "theirs": theirs[name], "mine": mine.get(name, "")}
            for name in theirs
            if theirs[name] != mine.get(name)
        ]
        return found + [entry for inline, formset in self.inlines for entry in _rows_differ(inline, formset)]

    def _write(self, formsets: list[Any], before: dict[str, str], names: list[str]) -> None:
        change = self.obj is not None
        obj = self.admin.save_form(self.request, self.form, change)
        self.admin.save_model(self.request, obj, self.form, change)
        self.admin.save_related(self.request, self.form, formsets, change)
        self.saved = obj
        after = snapshot(obj, names)
        changes = [
            {
                "name": name,
                "field": label_of_field(self.admin.model, name),
                "before": before.get(name, ""),
                "after": after[name],
            }
            for name in after
            if after[name] != before.get(name, "" if not change else None)
        ]
        changes += [entry for formset in formsets for entry in _of_rows(formset)]
        if not change:
            self.admin.log_addition(self.request, obj, changes)
        elif changes:
            self.admin.log_change(self.request, obj, changes)


def _rows_differ(inline: Any, formset: Any) -> list[dict[str, str]]:
    """What the rows of an inline are now, where that is not what was sent."""
    if not formset.is_bound:
        return []
    now = "; ".join(str(row) for row in formset.get_queryset())
    formset.is_valid()
    sent = [form for form in formset.forms if form.instance.pk is not None or form.has_changed()]
    mine = "; ".join(str(form.instance) for form in sent if form not in formset.deleted_forms)
    return [{"label": inline.title, "theirs": now, "mine": mine}] if now != mine else []


def _of_rows(formset: Any) -> list[dict[str, str]]:
    """What became of the rows of an inline."""
    name = str(formset.model._meta.verbose_name).capitalize()
    found = [{"field": name, "before": "", "after": str(obj)} for obj in formset.new_objects]
    for obj, fields in formset.changed_objects:
        labels = ", ".join(label_of_field(formset.model, field) for field in fields)
        found.append({"field": f"{name}: {obj}", "before": "", "after": gettext("changed: %(fields)s", fields=labels)})
    found += [{"field": name, "before": str(obj), "after": ""} for obj in formset.deleted_objects]
    return [{**entry, "row_of": formset.model._meta.label} for entry in found]
