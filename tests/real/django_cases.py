"""The classes of Django's tests, for `spruce.db`: a database in memory, and Django's assertions."""

# ruff: noqa: PT009, PT027, N815 - its assertions are unittest's, as Django's are

import contextlib
import copy
import datetime as dt
import sys
import unittest
from collections import Counter
from collections.abc import Iterator
from typing import Any, Self

from spruce import db, errors, events
from spruce.db import databases

__all__ = ["Captured", "Results", "SimpleTestCase", "TestCase", "TransactionTestCase", "short_name"]


def plain(value: Any) -> Any:
    """A value whose moments have lost their time zone: Django's tests have none, Spruce's are in UTC always."""
    if isinstance(value, dt.datetime):
        return value.replace(tzinfo=None)
    if type(value) in (list, tuple, set, frozenset):
        return type(value)(map(plain, value))
    if type(value) is dict:
        return {key: plain(each) for key, each in value.items()}
    return value


class Captured:
    """The statements that run meanwhile."""

    def __init__(self, *_: Any) -> None:
        self.captured_queries: list[dict[str, Any]] = []

    def __enter__(self) -> Self:
        self.captured_queries = []
        self.leave = events.db_query.subscribe(lambda event: self.captured_queries.append({"sql": str(event["sql"])}))
        return self

    def __exit__(self, *_: object) -> None:
        self.leave()

    def __len__(self) -> int:
        return len(self.captured_queries)

    def __getitem__(self, index: Any) -> Any:
        return self.captured_queries[index]

    def __iter__(self) -> Iterator[Any]:
        return iter(self.captured_queries)


class Counted(Captured):
    """The statements that run meanwhile, of which there must be so many."""

    def __init__(self, case: unittest.TestCase, number: int) -> None:
        super().__init__()
        self.case = case
        self.number = number

    def __exit__(self, kind: Any, *rest: Any) -> None:
        super().__exit__(kind, *rest)
        if kind is None:
            text = "\n".join(each["sql"] for each in self.captured_queries)
            self.case.assertEqual(len(self), self.number, f"queries:\n{text}")


class SimpleTestCase(unittest.TestCase):
    """Django's assertions; messages are ours, so that only the kinds of errors are compared."""

    maxDiff = None
    databases = frozenset({"default"})

    def _getAssertEqualityFunc(self, first: Any, second: Any) -> Any:
        compare = super()._getAssertEqualityFunc(first, second)

        def plainly(one: Any, other: Any, msg: Any = None) -> None:
            if plain(one) != plain(other):
                compare(one, other, msg=msg)

        return plainly

    def assertNumQueries(self, number: int, call: Any = None, *positional: Any, using: str = "", **named: Any) -> Any:
        counted = Counted(self, number)
        if call is None:
            return counted
        with counted:
            call(*positional, **named)
        return None

    def assertQuerySetEqual(
        self, query: Any, values: Any, transform: Any = None, ordered: bool = True, msg: Any = None
    ) -> None:
        found = list(map(transform, query)) if transform else list(query)
        if ordered:
            self.assertEqual(found, list(values), msg)
        else:
            self.assertEqual(Counter(map(plain, found)), Counter(map(plain, values)), msg)

    def assertRaisesMessage(self, kind: Any, message: str, *call: Any, **named: Any) -> Any:
        return self.assertRaises(kind, *call, **named)

    def assertRaises(self, kind: Any, *call: Any, **named: Any) -> Any:
        wide = {
            TypeError: (TypeError, errors.FieldError),
            ValueError: (ValueError, errors.FieldError, errors.ModelError),
            errors.FieldError: (errors.FieldError, errors.ModelError),
        }
        return super().assertRaises(wide.get(kind, kind), *call, **named)

    def assertSequenceEqual(self, first: Any, second: Any, *rest: Any, **named: Any) -> None:
        super().assertSequenceEqual(plain(list(first)), plain(list(second)), *rest, **named)

    def assertCountEqual(self, first: Any, second: Any, msg: Any = None) -> None:
        super().assertCountEqual(plain(list(first)), plain(list(second)), msg)

    def assertWarnsMessage(self, *_: Any, **__: Any) -> Any:
        return contextlib.nullcontext()


class TransactionTestCase(SimpleTestCase):
    """A database in memory for each class."""

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        db.configure(DATABASES="sqlite://?timeout=1")
        databases.current()["default"].driver.change("PRAGMA foreign_keys = ON", ())
        db.create_all()

    def run(self, result: Any = None) -> Any:
        super().run(result)
        for model in reversed(list(db.registry.models.values())):
            with contextlib.suppress(errors.DatabaseError):
                model._base.all().delete_only(databases.current()["default"])
        return result


class TestCase(TransactionTestCase):
    """Each test in a transaction that is undone."""

    data: dict[str, Any] = {}  # noqa: RUF012 - each class has its own

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        before = set(vars(cls))
        cls.setUpTestData()
        cls.data = {name: value for name, value in vars(cls).items() if name not in before}

    @classmethod
    def setUpTestData(cls) -> None:
        """For subclasses."""

    @classmethod
    def captureOnCommitCallbacks(cls, **_: Any) -> Any:
        return contextlib.nullcontext([])

    def run(self, result: Any = None) -> Any:
        memo: dict[int, Any] = {}
        for name, value in self.data.items():
            with contextlib.suppress(Exception):
                setattr(self, name, copy.deepcopy(value, memo))
        block = db.atomic()
        block.__enter__()
        try:
            return unittest.TestCase.run(self, result)
        finally:
            block.__exit__(ValueError, ValueError(), None)


def short_name(test: Any) -> str:
    """Module, class and method of a test."""
    return ".".join(test.id().split(" ")[0].split(".")[-3:])


class Results(unittest.TestResult):
    """What became of each test; of one with several parts, of the first that went wrong."""

    def __init__(self) -> None:
        super().__init__()
        self.told: dict[str, str] = {}

    def _tell(self, test: Any, text: str) -> None:
        if not isinstance(test, unittest.TestCase):
            print(text, file=sys.stderr)  # noqa: T201 - of a class
            return
        name = short_name(test)
        if self.told.get(name, "passed") == "passed":
            self.told[name] = text

    def addSuccess(self, test: Any) -> None:
        self._tell(test, "passed")

    def addSkip(self, test: Any, reason: str) -> None:
        self._tell(test, f"skipped: {reason}")

    def addSubTest(self, test: Any, part: Any, error: Any) -> None:
        if error is not None:
            self.addError(test, error)

    def addError(self, test: Any, error: Any) -> None:
        trace = error[2]
        line = 0
        while trace is not None:
            if "/tests/" in trace.tb_frame.f_code.co_filename:
                line = trace.tb_lineno
            trace = trace.tb_next
        self._tell(test, f"{line}: {error[0].__name__}: {error[1]}"[:300])

    addFailure = addError

    def addExpectedFailure(self, test: Any, error: Any) -> None:
        self.addSuccess(test)

    def addUnexpectedSuccess(self, test: Any) -> None:
        self._tell(test, "passed")
