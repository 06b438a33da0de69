"""`spruce.tasks` in the place of `django.tasks`, so that Django's tests of its tasks can be run on ours.

Started as a program in the folder with Django's test apps, it runs the modules of `tasks` that it is given and prints
an object of JSON: for each module and test "passed", "skipped", or what went wrong. Django itself is not there: its
DummyBackend is `TASKS = "dummy"`, its ImmediateBackend `TASKS = "inline"`, and what it logs as `django.tasks` is
looked for in what we log as `spruce.tasks`.
"""

import asyncio
import datetime as dt
import functools
import importlib
import inspect
import json
import sys
import types
import unittest
import warnings
from collections.abc import Callable
from typing import Any

import django_cases
from django_cases import Results, short_name

from spruce import config, db, errors, tasks
from spruce.config import Settings
from spruce.tasks import backends, definitions, inline, results

KINDS = {
    "django.tasks.backends.dummy.DummyBackend": "dummy",
    "django.tasks.backends.immediate.ImmediateBackend": "inline",
}


class Backends:
    """`task_backends`: of the one backend that the settings name, by its alias."""

    given: dict[str, Any] = {}  # noqa: RUF012 - what override_settings says

    def __getitem__(self, alias: str) -> Any:
        kind = KINDS.get(self.given.get(alias, {}).get("BACKEND", ""))
        if kind is None:
            raise errors.InvalidTaskBackend(f"{alias!r} is none of ours")
        config.current()["TASKS"] = kind
        return backends.backend()


class Default:
    """`default_task_backend`."""

    def __getattr__(self, name: str) -> Any:
        return getattr(Backends()["default"], name)

    def __eq__(self, other: object) -> bool:
        return Backends()["default"] == other

    __hash__ = None


class OverrideSettings:
    """`override_settings`, as far as TASKS goes: for a class, a test, or a block."""

    def __init__(self, TASKS: Any = None, **_: Any) -> None:
        self.given = TASKS

    def __enter__(self) -> None:
        self.before = Backends.given
        Backends.given = self.given
        inline.Dummy().clear()  # as Django makes its backends anew

    def __exit__(self, *_: object) -> None:
        Backends.given = self.before

    def __call__(self, what: Any) -> Any:
        if isinstance(what, type):
            what.run = self._around(what.run)
            return what
        return self._around(what)

    def _around(self, function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def inside(*args: Any, **kwargs: Any) -> Any:
            with self:
                return function(*args, **kwargs)

        return inside


class Asked:
    """What both kinds of test cases do here."""

    def _callTestMethod(self, method: Any) -> None:
        done = method()
        if inspect.isawaitable(done):
            asyncio.run(_awaited(done))

    def assertLogs(self, logger: Any = None, level: Any = None) -> Any:
        return super().assertLogs(_ours(logger), level)  # type: ignore[misc] # of the test case that this is mixed into

    def assertNoLogs(self, logger: Any = None, level: Any = None) -> Any:
        return super().assertNoLogs(_ours(logger), level)  # type: ignore[misc] # the same


class SimpleTestCase(Asked, django_cases.SimpleTestCase):
    """Without a database."""


class TransactionTestCase(Asked, django_cases.TransactionTestCase):
    """With one in memory."""


async def _awaited(done: Any) -> None:
    await done


def _ours(logger: Any) -> Any:
    return "spruce.tasks" if logger == "django.tasks" else logger


def module(name: str, *sources: types.ModuleType, **more: Any) -> None:
    """Make a module known that has what is in others."""
    made: Any = types.ModuleType(name)
    made.__path__ = []
    for source in sources:
        vars(made).update({key: getattr(source, key) for key in source.__all__})
    vars(made).update(more)
    sys.modules[name] = made


def _import_string(path: str) -> Any:
    place, _, name = path.rpartition(".")
    return getattr(importlib.import_module(place), name)


def install() -> None:
    """Make the modules known under Django's names; each look for the backend follows `override_settings`."""
    definitions.backend_finder.find = lambda: Backends()["default"]
    numbers = {"TASK_MAX_PRIORITY": 100, "TASK_MIN_PRIORITY": -100, "DEFAULT_TASK_QUEUE_NAME": "default"}
    for name in ("django", "django.utils", "django.tasks.backends"):
        module(name)
    module("django.tasks", tasks, default_task_backend=Default(), task_backends=Backends(), **numbers)
    module("django.tasks.base", definitions, results, **numbers)
    module("django.tasks.exceptions", errors)
    module("django.tasks.backends.dummy", DummyBackend=inline.Dummy)
    module("django.tasks.backends.immediate", ImmediateBackend=inline.Inline)
    module("django.tasks.backends.base", BaseTaskBackend=inline.Dummy)
    module("django.db", transaction=types.SimpleNamespace(atomic=db.atomic))
    module("django.utils.timezone", now=lambda: dt.datetime.now(dt.UTC))
    sys.modules["django.utils"].timezone = sys.modules["django.utils.timezone"]
    module("django.utils.module_loading", import_string=_import_string)
    module(
        "django.test",
        SimpleTestCase=SimpleTestCase,
        TransactionTestCase=TransactionTestCase,
        override_settings=OverrideSettings,
    )


def run(name: str) -> dict[str, str]:
    """Run the tests of a module; return what became of each."""
    suite = unittest.defaultTestLoader.loadTestsFromName(f"tasks.{name}")
    every = [short_name(test) for case in suite for test in case]
    told = Results()
    suite.run(told)
    return {test: told.told.get(test, "its class could not be set up") for test in every}


def main(names: list[str]) -> None:
    """Run modules."""
    warnings.simplefilter("ignore")
    sys.path.insert(0, ".")
    config.install(Settings(TASKS="dummy", DATABASES={"default": "sqlite://"}))
    install()
    print(json.dumps({name: run(name) for name in names}))  # noqa: T201 - it is a program


if __name__ == "__main__":
    main(sys.argv[1:])
