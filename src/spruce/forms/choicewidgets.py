"""Widgets of choices: lists to select from, radio buttons, boxes, and a date of three lists."""

import datetime as dt
import re
from collections.abc import Iterable, Iterator, Mapping
from copy import copy
from typing import Any

from spruce.forms.choices import normalized
from spruce.forms.widgets import Attributes, Widget
from spruce.i18n import gettext_lazy, pgettext
from spruce.i18n.formats import format_date

__all__ = [
    "CheckboxSelectMultiple",
    "ChoiceWidget",
    "NullBooleanSelect",
    "RadioSelect",
    "Select",
    "SelectDateWidget",
    "SelectMultiple",
]

Option = dict[str, Any]

_DATE = re.compile(r"(?P<year>0|\d{4})-(?P<month>\d\d?)-(?P<day>\d\d?)")


class ChoiceWidget(Widget):
    """The base of widgets of choices. `choices` are pairs of a value and its label, or groups of such."""

    allow_multiple_selected = False
    template_name = ""
    option_template_name = ""
    add_id_index = True
    checked_attribute: Attributes = {"checked": True}  # noqa: RUF012 - it is never changed
    option_inherits_attrs = True

    def __init__(self, attrs: Mapping[str, Any] | None = None, choices: Any = ()) -> None:
        super().__init__(attrs)
        self.choices = choices

    def __deepcopy__(self, memo: dict[int, Any]) -> "ChoiceWidget":
        made = copy(self)
        made.attrs = self.attrs.copy()
        made._choices = copy(self._choices)
        memo[id(self)] = made
        return made

    @property
    def choices(self) -> Any:
        """Values with labels, in groups where they have some."""
        return self._choices

    @choices.setter
    def choices(self, given: Any) -> None:
        self._choices = normalized(given)

    def subwidgets(self, name: str, value: Any, attrs: Attributes | None = None) -> Iterator[Any]:
        """The options."""
        yield from self.options(name, self.format_value(value), attrs)

    def options(self, name: str, value: list[str], attrs: Attributes | None = None) -> Iterator[Option]:
        """The options of all groups."""
        for _, options, _ in self.optgroups(name, value, attrs):
            yield from options

    def optgroups(
        self, name: str, value: list[str], attrs: Attributes | None = None
    ) -> list[tuple[Any, list[Option], int]]:
        """Groups with name, options and place; the name of options outside of a group is None."""
        groups: list[tuple[Any, list[Option], int]] = []
        has_selected = False
        for index, (option_value, option_label) in enumerate(self.choices):
            option_value = "" if option_value is None else option_value
            if isinstance(option_label, list | tuple):
                group_name, inner, choices = option_value, 0, list(option_label)
            else:
                group_name, inner, choices = None, None, [(option_value, option_label)]
            options: list[Option] = []
            groups.append((group_name, options, index))
            for each, label in choices:
                selected = (not has_selected or self.allow_multiple_selected) and str(each) in value
                has_selected |= selected
                options.append(self.create_option(name, each, label, selected, index, inner, attrs))
                inner = inner + 1 if inner is not None else None
        return groups

    def create_option(
        self,
        name: str,
        value: Any,
        label: Any,
        selected: bool,
        index: int,
        subindex: int | None = None,
        attrs: Attributes | None = None,
    ) -> Option:
        """What the template of an option is given."""
        place = str(index) if subindex is None else f"{index}_{subindex}"
        own = self.build_attrs(self.attrs, attrs) if self.option_inherits_attrs else {}
        if selected:
            own.update(self.checked_attribute)
        if "id" in own and self.add_id_index:
            own["id"] = self.id_for_label(own["id"], place)
        return {
            "name": name,
            "value": value,
            "label": label,
            "selected": selected,
            "index": place,
            "attrs": own,
            "type": self.input_type,
            "template_name": self.option_template_name,
            "wrap_label": True,
        }

    def get_context(self, name: str, value: Any, attrs: Attributes | None) -> dict[str, Any]:
        """What the template is given."""
        context = super().get_context(name, value, attrs)
        context["widget"]["optgroups"] = self.optgroups(name, context["widget"]["value"], attrs)
        return context

    def id_for_label(self, id_: str, index: str = "0") -> str:
        """The id of an option's element."""
        return f"{id_}_{index}" if id_ and self.add_id_index else id_

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        """The value, or all of them where several may be chosen."""
        if self.allow_multiple_selected and hasattr(data, "getlist"):
            return data.getlist(name)
        return data.get(name)

    def format_value(self, value: Any) -> list[str]:
        """The chosen values as texts."""
        if value is None and self.allow_multiple_selected:
            return []
        values = value if isinstance(value, list | tuple | set) else [value]
        return ["" if each is None else str(each) for each in values]


class Select(ChoiceWidget):
    """A list of which one is chosen."""

    input_type = "select"
    template_name = "forms/widgets/select.html"
    option_template_name = "forms/widgets/select_option.html"
    add_id_index = False
    checked_attribute = {"selected": True}  # noqa: RUF012 - it is never changed
    option_inherits_attrs = False

    def get_context(self, name: str, value: Any, attrs: Attributes | None) -> dict[str, Any]:
        """What the template is given."""
        context = super().get_context(name, value, attrs)
        if self.allow_multiple_selected:
            context["widget"]["attrs"]["multiple"] = True
        return context

    def use_required_attribute(self, initial: Any) -> bool:
        """Where the first choice is an empty one, as HTML wants it; or several may be chosen."""
        usual = super().use_required_attribute(initial)
        if self.allow_multiple_selected:
            return usual
        first = next(iter(self.choices), None)
        empty = first is not None and (first[0] is None or first[0] == "") and not isinstance(first[1], list | tuple)
        return usual and empty


class NullBooleanSelect(Select):
    """Unknown, yes or no."""

    def __init__(self, attrs: Mapping[str, Any] | None = None) -> None:
        choices = (("unknown", gettext_lazy("Unknown")), ("true", gettext_lazy("Yes")), ("false", gettext_lazy("No")))
        super().__init__(attrs, choices)

    def format_value(self, value: Any) -> Any:
        """The choice that stands for a value."""
        known = value if isinstance(value, bool | str) else None
        return {True: "true", False: "false", "true": "true", "false": "false", "2": "true", "3": "false"}.get(
            known,
            "unknown",
        )

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        """True, False or None."""
        value = data.get(name)
        known = value if isinstance(value, bool | str) else None
        return {
            True: True, "True": True, "true": True, "2": True, False: False, "False": False, "false": False, "3": False,
        }.get(known)  # fmt: skip


class SelectMultiple(Select):
    """A list of which several are chosen."""

    allow_multiple_selected = True

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        """Never: a list of which nothing is chosen isn't sent."""
        return False


class RadioSelect(ChoiceWidget):
    """Buttons of which one is chosen."""

    input_type = "radio"
    template_name = "forms/widgets/multiple_input.html"
    option_template_name = "forms/widgets/input_option.html"
    use_fieldset = True

    def id_for_label(self, id_: str, index: str | None = None) -> str:
        """None for the whole: each button has a label of its own."""
        return "" if index is None else super().id_for_label(id_, index)


class CheckboxSelectMultiple(RadioSelect):
    """Boxes of which several are chosen."""

    allow_multiple_selected = True
    input_type = "checkbox"

    def use_required_attribute(self, initial: Any) -> bool:
        """Never: each of the boxes would be required."""
        return False

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        """Never: boxes that are not checked aren't sent."""
        return False


class SelectDateWidget(Widget):
    """A date of three lists. `years` and `months` are those to choose from, this year and nine more unless given."""

    template_name = "forms/widgets/multiwidget.html"
    input_type = "select"
    use_fieldset = True
    parts = ("month", "day", "year")

    def __init__(
        self,
        attrs: Mapping[str, Any] | None = None,
        years: Iterable[int] | None = None,
        months: Mapping[int, Any] | None = None,
        empty_label: "str | tuple[str, str, str] | list[str] | None" = None,
    ) -> None:
        super().__init__(attrs)
        this = dt.datetime.now(dt.UTC).year
        self.years = list(years) if years is not None else list(range(this, this + 10))
        self.months = months
        labels = list(empty_label) if isinstance(empty_label, tuple | list) else [empty_label] * 3
        if len(labels) != 3:
            raise ValueError("empty_label list/tuple must have 3 elements.")
        self.empty = {part: ("", label or "---") for part, label in zip(("year", "month", "day"), labels, strict=True)}

    def _choices(self, part: str) -> list[tuple[Any, Any]]:
        if part == "year":
            return [(year, str(year)) for year in self.years]
        if part == "day":
            return [(day, day) for day in range(1, 32)]
        if self.months is not None:
            return list(self.months.items())
        return [(month, format_date(dt.date(2000, month, 1), "LLLL")) for month in range(1, 13)]

    def get_context(self, name: str, value: Any, attrs: Attributes | None) -> dict[str, Any]:
        """What the template is given: three lists."""
        context = super().get_context(name, value, attrs)
        names = {"year": pgettext("part of a date", "Year"), "month": pgettext("part of a date", "Month"),
                 "day": pgettext("part of a date", "Day")}  # fmt: skip
        shown = context["widget"]["value"]
        parts = []
        for part in self.parts:
            choices = self._choices(part)
            if not self.is_required or not all(shown.values()):
                choices.insert(0, self.empty[part])
            own = {**context["widget"]["attrs"], "aria-label": names[part]}
            own["id"] = f"{own['id']}_{part}" if "id" in own else f"id_{name}_{part}"
            select = Select(own, choices)
            select.is_required = self.is_required
            parts.append(select.get_context(f"{name}_{part}", shown[part], None)["widget"])
        context["widget"]["subwidgets"] = parts
        return context

    def format_value(self, value: Any) -> dict[str, Any]:
        """Year, month and day."""
        if isinstance(value, dt.date):
            return {"year": value.year, "month": value.month, "day": value.day}
        found = _DATE.fullmatch(str(value or ""))
        if found is None:
            return {"year": None, "month": None, "day": None}
        return {part: int(number) or "" for part, number in found.groupdict().items()}

    def id_for_label(self, id_: str) -> str:
        """The id of the first list."""
        return f"{id_}_{self.parts[0]}" if id_ else ""

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        """The date in ISO's form, or what was chosen, however wrong; None for nothing."""
        year, month, day = (data.get(f"{name}_{part}") for part in ("year", "month", "day"))
        if year == month == day == "":
            return None
        if year is None or month is None or day is None:
            return data.get(name)
        try:
            return dt.date(int(year), int(month), int(day)).isoformat()
        except OverflowError:
            return "0-0-0"
        except (ValueError, TypeError):
            return f"{year or 0}-{month or 0}-{day or 0}"

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        """Whether none of the lists came back."""
        return not any(f"{name}_{part}" in data for part in self.parts)
