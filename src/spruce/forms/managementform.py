"""The form beside the forms of a formset, which tells how many there are."""

from typing import Any

from spruce.forms.form import Form
from spruce.forms.numberfields import IntegerField
from spruce.forms.widgets import HiddenInput

__all__ = ["INITIAL", "LEAST", "MOST", "TOTAL", "ManagementForm"]

TOTAL, INITIAL, LEAST, MOST = "TOTAL_FORMS", "INITIAL_FORMS", "MIN_NUM_FORMS", "MAX_NUM_FORMS"


class ManagementForm(Form):
    """How many forms there are: hidden fields, without which a formset cannot be read."""

    template_name = template_name_div = "forms/div.html"  # never a summary of its own
    TOTAL_FORMS = IntegerField(widget=HiddenInput)
    INITIAL_FORMS = IntegerField(widget=HiddenInput)
    MIN_NUM_FORMS = IntegerField(required=False, widget=HiddenInput)
    MAX_NUM_FORMS = IntegerField(required=False, widget=HiddenInput)

    def clean(self) -> Any:
        """Counts that are missing or below 0 are 0."""
        cleaned = super().clean()
        for name in (TOTAL, INITIAL):
            cleaned[name] = max(cleaned.get(name) or 0, 0)
        return cleaned
