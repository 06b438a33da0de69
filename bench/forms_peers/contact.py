"""The form that both peers validate: ten fields, as good data and with two faults, and what is done with them."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from worker import serve

__all__ = ["contact", "serve_form"]

GOOD = {
    "name": "Ann Example",
    "mail": "ann@example.org",
    "site": "https://example.org/a",
    "slug": "ann-1",
    "age": "33",
    "price": "19.90",
    "day": "2026-01-31",
    "kind": "b",
    "agree": "on",
    "note": "some text",
}
BAD = {**GOOD, "mail": "x", "age": "a"}


def contact(forms: Any) -> Any:
    """The form, of either library's names."""

    class Contact(forms.Form):
        name = forms.CharField(max_length=50)
        mail = forms.EmailField()
        site = forms.URLField(assume_scheme="https")
        slug = forms.SlugField()
        age = forms.IntegerField(min_value=0, max_value=150)
        price = forms.DecimalField(max_digits=8, decimal_places=2)
        day = forms.DateField()
        kind = forms.ChoiceField(choices=[("a", "A"), ("b", "B"), ("c", "C")])
        agree = forms.BooleanField()
        note = forms.CharField(widget=forms.Textarea, required=False)

    return Contact


def serve_form(form: Any) -> None:
    """Answer the bench's requests."""

    def validating(data: dict[str, str]) -> Callable[[int], None]:
        def work(count: int) -> None:
            for _ in range(count):
                form(data).is_valid()

        return work

    def answers() -> dict[str, Any]:
        good, bad = form(GOOD), form(BAD)
        return {
            "good": [good.is_valid(), {name: str(value) for name, value in good.cleaned_data.items()}],
            "bad": [bad.is_valid(), bad.errors.get_json_data()],
        }

    serve({"good": validating(GOOD), "bad": validating(BAD)}, answers)
