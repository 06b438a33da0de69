"""Django's tests of what is wrong with classes of an admin, asked of `check_site`: whether something is, not its words.

Started as a program in the folder with Django's test apps, it prints an object of JSON: for each test "passed", or what
went wrong.
"""

import importlib
import json
import sys
import unittest
from typing import Any

import django_names

from spruce import admin, config, forms
from spruce.admin.checks import check_site
from spruce.auth.user import User
from spruce.config import Settings


def faults(kind: Any, model: Any, site: Any = None) -> list[str]:
    """What is said of a ModelAdmin class, on a site of its own unless there is one."""
    site = site or admin.AdminSite()
    if site.is_registered(model):
        site.unregister(model)
    site.register(model, kind)
    return check_site(site)


def _invalid(_: Any, model_admin: Any, model: Any, msg: str, *__: Any, admin_site: Any = None, **___: Any) -> None:
    assert faults(model_admin, model, admin_site) != [], msg


def _valid(_: Any, model_admin: Any, model: Any, admin_site: Any = None) -> None:
    assert faults(model_admin, model, admin_site) == []


class CheckTestCase(unittest.TestCase):
    """What Django's class of that name is to its tests."""

    assertIsInvalid = assertIsInvalidRegexp = _invalid  # noqa: N815 - its names
    assertIsValid = _valid  # noqa: N815 - the same


def main() -> None:
    """Run them all."""
    sys.path.insert(0, ".")
    config.install(Settings(DATABASES={"default": "sqlite://"}))
    django_names.install()
    names = {name: getattr(admin, name) for name in admin.__all__}
    django_names.module("django.contrib.auth.models", User=User)
    for place in ("admin", "admin.options", "admin.sites"):
        django_names.module(f"django.contrib.{place}", **names)
    django_names.module("django.forms", **{name: getattr(forms, name) for name in forms.__all__})
    django_names.module("django.forms.models", BaseModelFormSet=forms.BaseModelFormSet)
    tests = importlib.import_module("modeladmin.test_checks")
    found = {}
    for kind in vars(tests).values():
        if isinstance(kind, type) and issubclass(kind, tests.CheckTestCase) and kind is not tests.CheckTestCase:
            own = type(
                kind.__name__,
                (CheckTestCase,),
                {name: value for name, value in vars(kind).items() if callable(value)},
            )
            for test in unittest.defaultTestLoader.loadTestsFromTestCase(own):
                result = unittest.TestResult()
                test.run(result)
                wrong = [*result.failures, *result.errors]
                found[f"{kind.__name__}.{test.id().rpartition('.')[2]}"] = (
                    wrong[0][1].splitlines()[-1] if wrong else "passed"
                )
    sys.stdout.write(json.dumps(found))


if __name__ == "__main__":
    main()
