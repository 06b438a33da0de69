"""Django's names for `spruce.forms` beside those of `spruce.db`, so that tests of `model_forms` can be run on ours.

Started as a program in the folder with Django's test apps, it prints what became of each test as `django_names` does.
HTML is compared without the order of attributes and without white space, and with inputs of dates as plain texts.
"""

# ruff: noqa: PT009 - the assertions are unittest's, as Django's are

import io
import json
import re
import sys
import unittest
import warnings
from typing import Any

import django_names
from django_cases import SimpleTestCase
from django_names import Maker, module

from spruce import config, errors, forms
from spruce.config import Settings
from spruce.db import validators
from spruce.forms import formsets, modelfields, modelforms, modelformsets, rendering, timewidgets, widgets
from spruce.storage import FileSystemStorage

FORMS = django_names.words("verbose_name error_messages validators limit_choices_to help_text blank choices")
"""Options of fields that only forms and `full_clean()` look at."""
_TAG = re.compile(r"<([a-z]+)\s+([^<>]*)>")
_ATTRIBUTE = re.compile(r'[\w:-]+="[^"]*"|[\w:-]+')


class Upload:
    """A file that came."""

    def __init__(self, name: str, content: bytes | None, content_type: str = "") -> None:
        self.name, self.size, self.content_type = name, len(content or b""), content_type
        self.file = io.BytesIO(content or b"")

    def __getattr__(self, name: str) -> Any:
        return getattr(self.file, name)


class Template:
    """A template of Jinja2, where the two languages are the same."""

    def __init__(self, text: str) -> None:
        self.text = text

    def render(self, context: dict[str, Any]) -> str:
        return rendering.jinja2.Template(self.text).render(context)


def same(text: Any) -> str:
    """HTML without what makes no difference."""
    for reference, character in (("&#34;", '"'), ("&quot;", '"'), ("&#39;", "'"), ("&#x27;", "'")):
        text = str(text).replace(reference, character)
    ordered = _TAG.sub(lambda tag: f"<{tag[1]} {' '.join(sorted(_ATTRIBUTE.findall(tag[2])))}>", text)
    return re.sub(r"\s+", "", ordered)


def _equal(self: unittest.TestCase, first: Any, second: Any, msg: Any = None) -> None:
    self.assertEqual(same(first), same(second), msg)


def _within(self: unittest.TestCase, needle: Any, haystack: Any, count: Any = None, msg: Any = None) -> None:
    self.assertIn(same(needle), same(haystack), msg)


def _names(*modules: Any) -> dict[str, Any]:
    return {name: getattr(each, name) for each in modules for name in each.__all__}


def widen() -> None:
    """Let models have the options of fields that are for forms."""
    django_names.KNOWN |= FORMS
    django_names.MANY |= FORMS


def install() -> None:
    """Make the names known."""
    errors.ValidationError.__str__ = lambda self: repr(dict(self) if hasattr(self, "error_dict") else list(self))
    Maker.formfield = lambda self, *given, **named: self.kind.formfield(*given, **named)
    module(
        "django.core.exceptions", ValidationError=errors.ValidationError, NON_FIELD_ERRORS=forms.NON_FIELD_ERRORS,
        ImproperlyConfigured=errors.FormError, FieldError=errors.FormError,
    )  # fmt: skip
    module("django.core.validators", **_names(validators))
    module("django.forms", **_names(forms))
    module("django.forms.widgets", **_names(forms))
    module("django.forms.utils", ErrorList=forms.ErrorList, ErrorDict=forms.ErrorDict)
    module("django.forms.formsets", **_names(formsets))
    module(
        "django.forms.models", **_names(forms, modelforms, modelfields, modelformsets),
        ModelFormMetaclass=modelforms.ModelFormType, apply_limit_choices_to_to_formfield=lambda field: None,
    )  # fmt: skip
    module("django.core.files.uploadedfile", SimpleUploadedFile=Upload)
    module("django.template", Context=dict, Template=Template)
    module("django.core.files.storage", FileSystemStorage=FileSystemStorage)
    for name in ("choices", "datastructures"):
        module(f"django.utils.{name}")
    for kind in (timewidgets.DateInput, timewidgets.DateTimeInput, timewidgets.TimeInput):
        kind.__init__ = _plain_text
    SimpleTestCase.assertHTMLEqual = _equal
    SimpleTestCase.assertInHTML = _within


def _plain_text(self: Any, attrs: Any = None, format: Any = None) -> None:  # noqa: A002 - Django's name
    self.input_type = "text"
    widgets.Input.__init__(self, attrs)
    self.format = format or "%Y-%m-%d"


def main(apps: list[str]) -> None:
    """Run apps that don't share models."""
    warnings.simplefilter("ignore")
    sys.path.insert(0, ".")
    config.install(Settings(DATABASES={"default": "sqlite://"}))
    install_names = django_names.install

    def both() -> None:
        widen()
        install_names()
        install()

    django_names.install = both
    print(json.dumps({app: django_names.run(app) for app in apps}))  # noqa: T201 - it is a program


if __name__ == "__main__":
    main(sys.argv[1:])
