"""`spruce.forms` in the place of `django.forms`, so that Django's tests of forms and widgets can be run on ours.

Started as a program in the folder with Django's test apps, beside which Django itself must be, it runs the packages of
`forms_tests` that it is given and prints an object of JSON: for each package and test "passed", "skipped", or what went
wrong. Templates, settings and translations of the tests are Django's own; the forms are ours, with these adaptations:
`str()` of a ValidationError is a list, inputs of dates and times are plain texts, and times have no zone.
"""

import importlib
import json
import pkgutil
import sys
import tempfile
import types
import unittest
import warnings
from pathlib import Path
from typing import Any

from django_cases import Results, short_name
from django_names import _tests

from spruce import config, errors, forms
from spruce.config import Settings
from spruce.db import validators
from spruce.forms import (
    boundfield,
    choicefields,
    choicewidgets,
    fields,
    filefields,
    filewidgets,
    form,
    formsets,
    formtype,
    managementform,
    media,
    modelfields,
    modelforms,
    modelformsets,
    multifields,
    multiwidgets,
    numberfields,
    rendering,
    timefields,
    timewidgets,
    widgets,
)
from spruce.forms import errors as lists

FORMATS = {
    timewidgets.DateInput: "%Y-%m-%d",
    timewidgets.DateTimeInput: "%Y-%m-%d %H:%M:%S",
    timewidgets.TimeInput: "%H:%M:%S",
}


class Renderer:
    """Django's renderers, which are ours; its templates are not rendered."""

    form_template_name = "forms/form.html"
    formset_template_name = "forms/formset.html"
    field_template_name = "forms/field.html"

    def render(self, template_name: str, context: dict[str, Any], request: Any = None) -> str:
        """As ours."""
        return rendering.default_renderer().render(template_name, context)

    def get_template(self, template_name: str) -> Any:
        """There are none of Django's."""
        raise unittest.SkipTest("a template of Django's")


class Asset:
    """Something to derive from, which is never called."""


def module(name: str, *sources: types.ModuleType, **more: Any) -> types.ModuleType:
    """Make a module known that has what is in others."""
    made = types.ModuleType(name)
    made.__path__ = []
    for source in sources:
        for key, value in vars(source).items():
            if not key.startswith("__"):
                vars(made).setdefault(key, value)
    vars(made).update(more)
    sys.modules[name] = made
    return made


def adapt() -> None:
    """Let ours show what Django shows, where only the look differs."""
    errors.ValidationError.__str__ = lambda self: repr(dict(self) if hasattr(self, "error_dict") else list(self))
    timefields.DateTimeField.aware = lambda self, value: value
    for kind, usual in FORMATS.items():
        kind.__init__ = _plain_text(usual)
    rendering.FOLDER = [str(rendering.FOLDER), "forms_tests/jinja2"]
    rendering.default_renderer.cache_clear = lambda: None
    render = rendering._Templates.render
    rendering._Templates.render = lambda self, name, context, request=None: (
        render(self, name, context).replace("&#34;", "&quot;").replace("&#39;", "&#x27;")
    )
    media._url = lambda path: (
        path if path.startswith(("http://", "https://", "/")) else f"http://media.example.com/static/{path}"
    )


def _plain_text(usual: str) -> Any:
    def init(self: Any, attrs: Any = None, format: Any = None) -> None:  # noqa: A002 - Django's name
        self.input_type = "text"
        widgets.Input.__init__(self, attrs)
        self.format = format or usual

    return init


def install() -> None:
    """Make Django's modules of forms ours; it is not set up before."""
    exceptions = importlib.import_module("django.core.exceptions")
    exceptions.ValidationError = errors.ValidationError
    checks = importlib.import_module("django.core.validators")
    for name in validators.__all__:
        setattr(checks, name, getattr(validators, name))
    parts = {
        "fields": module(
            "django.forms.fields", fields, numberfields, timefields, choicefields, filefields, multifields
        ),
        "widgets": module(
            "django.forms.widgets", widgets, timewidgets, multiwidgets, choicewidgets, filewidgets, media,
            MediaAsset=Asset, Script=Asset, MediaOrderConflictWarning=RuntimeWarning,
        ),
        "utils": module(
            "django.forms.utils", lists, flatatt=rendering.attributes,
            pretty_name=lambda name: name.replace("_", " ").capitalize(),
            from_current_timezone=lambda value: value, to_current_timezone=lambda value: value,
            **dict.fromkeys(
                ("RenderableMixin", "RenderableFieldMixin", "RenderableFormMixin", "RenderableErrorMixin"),
                rendering.RenderableMixin,
            ),
        ),
        "models": module(
            "django.forms.models", modelforms, modelfields, modelformsets, _get_foreign_key=modelformsets.foreign_key
        ),
        "formsets": module(
            "django.forms.formsets", formsets, managementform, INITIAL_FORM_COUNT="INITIAL_FORMS",
            MAX_NUM_FORM_COUNT="MAX_NUM_FORMS",
            MIN_NUM_FORM_COUNT="MIN_NUM_FORMS", TOTAL_FORM_COUNT="TOTAL_FORMS",
            all_valid=lambda every: all([each.is_valid() for each in every]),  # noqa: C419 - each is looked at
        ),
        "renderers": module(
            "django.forms.renderers", get_default_renderer=rendering.default_renderer,
            **dict.fromkeys(
                ("DjangoTemplates", "Jinja2", "TemplatesSetting", "BaseRenderer", "EngineMixin",
                 "DjangoDivFormRenderer", "Jinja2DivFormRenderer"),
                Renderer,
            ),
        ),
        "forms": module("django.forms.forms", form, DeclarativeFieldsMetaclass=formtype.FormType),
        "boundfield": module("django.forms.boundfield", boundfield),
    }  # fmt: skip
    names = {name: getattr(forms, name) for name in forms.__all__}
    every = module("django.forms", forms, **names, Script=Asset, MediaAsset=Asset, **parts)
    importlib.import_module("django").forms = every


def set_up(folder: str) -> None:
    """Configure both, and set Django up."""
    settings = {
        "USE_TZ": False,
        "TIME_ZONE": "America/Chicago",
        "SECRET_KEY": "x" * 40,
        "DATABASES": {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
        "INSTALLED_APPS": ["forms_tests"],
        "TEMPLATES": [{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}],
        "STATIC_URL": "/static/",
        "MEDIA_URL": "media/",
        "MEDIA_ROOT": folder,
        "LANGUAGE_CODE": "en",
        "DEFAULT_AUTO_FIELD": "django.db.models.AutoField",
    }
    importlib.import_module("django.conf").settings.configure(**settings)
    config.install(Settings(DATABASES={"default": "sqlite://"}, TIME_ZONE="UTC"))
    adapt()
    install()
    importlib.import_module("django").setup()


def run(name: str) -> dict[str, str]:
    """Run the tests of a package; return what became of each."""
    package = importlib.import_module(f"forms_tests.{name}")
    suite = unittest.TestSuite()
    for each in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
        if each.name.rpartition(".")[2].startswith("test"):
            suite.addTests(unittest.defaultTestLoader.loadTestsFromName(each.name))
    every = list(_tests(suite))
    results = Results()
    suite.run(results)
    return {short_name(test): results.told.get(short_name(test), "its class could not be set up") for test in every}


def main(names: list[str]) -> None:
    """Run packages, each in its turn."""
    warnings.simplefilter("ignore")
    sys.path[:0] = [".", str(Path.cwd().parent)]
    with tempfile.TemporaryDirectory() as folder:
        set_up(folder)
        print(json.dumps({name: run(name) for name in names}))  # noqa: T201 - it is a program


if __name__ == "__main__":
    main(sys.argv[1:])
