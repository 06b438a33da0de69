"""Django's names for `spruce.db`, as far as there are any, so that tests of its ORM can be run on ours.

Started as a program in the folder with Django's test apps, it runs the tests of one app and prints an object of JSON:
for each test "passed", "skipped", or what went wrong. What there is no name for is `Absent`, whatever is asked of it.
"""

import contextlib
import datetime as dt
import importlib
import json
import pkgutil
import sys
import types
import unittest
import warnings
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Self

from django_cases import Captured, Results, SimpleTestCase, TestCase, TransactionTestCase, short_name

from spruce import config, db, errors
from spruce.config import Settings
from spruce.db import fields, inheritance, options, signals
from spruce.db.expressions import Ordered
from spruce.db.functions import Function


def words(text: str) -> frozenset[str]:
    """The words of a text."""
    return frozenset(text.split())


class _AbsentType(type):
    def __getattr__(cls, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return absent(name)

    def __call__(cls, *positional: Any, **named: Any) -> Any:
        if len(positional) == 1 and isinstance(positional[0], types.FunctionType) and not named:
            return positional[0]  # it was a decorator
        return type.__call__(cls)


class Absent(metaclass=_AbsentType):
    """Something of Django's that Spruce has no name for."""

    def __init__(self, *_: Any, **__: Any) -> None:
        """Takes whatever."""

    def __call__(self, *_: Any, **__: Any) -> Any:
        return _[0] if len(_) == 1 and isinstance(_[0], types.FunctionType | type) else self

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return absent(name)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing."""


def absent(name: str) -> Any:
    """An Absent of this name."""
    return _AbsentType(name, (Absent,), {})


class Lenient(types.ModuleType):
    """A module in which whatever is missing is Absent."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return absent(name)


def module(name: str, **names: Any) -> Lenient:
    """Make a module known, and those that it is in."""
    found = sys.modules.get(name)
    made = found if isinstance(found, Lenient) else Lenient(name)
    made.__path__ = []
    sys.modules[name] = made
    above, _, last = name.rpartition(".")
    if above:
        setattr(sys.modules.get(above) or module(above), last, made)
    for key, value in names.items():
        setattr(made, key, value)
    return made


# ---- models --------------------------------------------------------------------------------------------------------

KNOWN = frozenset(fields.FieldOptions.__annotations__) | words(
    """
    null max_length max_digits decimal_places auto_now auto_now_add related_name related_query_name upload_to
    storage encoder decoder protocol unpack_ipv4 expression output_field db_persist to on_delete through db_constraint
    through_fields symmetrical db_table width_field height_field parent_link to_field limit_choices_to
    """
)
MANY = words(
    """
    to related_name related_query_name db_constraint through through_fields symmetrical db_table blank
    verbose_name help_text
    """
)


class Maker:
    """A class of fields by Django's name: takes what Django's takes, leaves out what forms and other databases need."""

    def __init__(self, kind: type[Any]) -> None:
        self.kind = kind

    def __mro_entries__(self, _: Any) -> tuple[type[Any], ...]:
        return (self.kind,)

    def __instancecheck__(self, instance: object) -> bool:
        return isinstance(instance, self.kind)

    def __call__(self, *positional: Any, **named: Any) -> Any:
        relation = not issubclass(self.kind, db.Field) or self.kind.is_relation
        if positional and not relation:
            named.setdefault("verbose_name", str(positional[0]))
            positional = ()
        if named.get("default", ...) is None:
            named.pop("default")
        if self.kind is db.CharField:
            named.setdefault("max_length", None)
        if self.kind is db.DecimalField:
            named["max_digits"] = min(named.get("max_digits") or 18, 18)
            named["decimal_places"] = named.get("decimal_places") or 6
        if not issubclass(self.kind, db.CharField) and hasattr(self.kind, "family") and self.kind.family != "text":
            named.pop("max_length", None)
        known = MANY if self.kind is db.ManyToManyField else KNOWN
        return self.kind(*positional, **{name: value for name, value in named.items() if name in known})

    def __getattr__(self, name: str) -> Any:
        return getattr(self.kind, name)


def models_module() -> dict[str, Any]:
    """What `django.db.models` has."""
    names = {name: getattr(db, name) for name in dir(db) if not name.startswith("_")}
    for name, value in list(names.items()):
        if isinstance(value, type) and issubclass(value, db.Field) and value is not db.Field:
            names[name] = Maker(value)
    names["ManyToManyField"] = Maker(db.ManyToManyField)
    names["BigAutoField"] = names["SmallAutoField"] = names["AutoField"]
    names["FilePathField"] = names["CommaSeparatedIntegerField"] = names["CharField"]
    names["NullBooleanField"] = names["BooleanField"]
    names["ProtectedError"], names["RestrictedError"] = errors.ProtectedError, errors.RestrictedError
    names["Manager"] = db.Manager
    names["OrderBy"] = _order_by
    names["FETCH_ONE"] = db.FetchMode.FETCH_ONE
    return names


def _order_by(term: Any, descending: bool = False, nulls_first: Any = None, nulls_last: Any = None) -> Any:
    return Ordered(term, descending, bool(nulls_first), bool(nulls_last))


def _given(model: Any, meta: Any, own_only: Any) -> dict[str, Any]:
    """Meta as it is, with tables named as Django names them and without the options that there are not."""
    app = model.__module__.partition(".")[0]
    found = {key: value for key, value in inheritance_given(model, meta, own_only).items() if key in options._OPTIONS}
    return {"db_table": f"{app}_{model.__name__.lower()}"} | found


inheritance_given = inheritance.given_to


MISSING = words(
    """
    can_distinct_on_fields distinct_on has_native_uuid_field has_select_for_update has_select_for_update_nowait
    interprets_empty_strings_as_nulls nulls_order_largest related_fields_match_type supports_any_value
    supports_collation_on_charfield supports_default_keyword_in_insert supports_deferrable_unique_constraints
    supports_distinct_on supports_parentheses_in_compound supports_sequence_reset
    supports_slicing_ordering_in_compound supports_stacked_over supports_timezones
    test_db_allows_multiple_connections
    """
)
"""What SQLite or Spruce doesn't have, of what tests ask for."""


class Features:
    """What the database can do, as far as tests ask."""

    def __getattr__(self, name: str) -> Any:
        return 32_766 if name == "max_query_params" else name not in MISSING


class Connection:
    """What tests ask of `django.db.connection`."""

    features = Features()
    vendor = "sqlite"
    alias = "default"
    ops = Absent()
    queries: tuple[Any, ...] = ()
    settings_dict: dict[str, Any] = {}  # noqa: RUF012 - it stays empty

    def close(self) -> None:
        """Nothing."""

    def __getattr__(self, name: str) -> Any:
        return absent(name)


class Transaction:
    """`django.db.transaction`."""

    @staticmethod
    def atomic(using: Any = None, **_: Any) -> Any:
        return db.atomic(using) if callable(using) else db.atomic()

    on_commit = staticmethod(db.on_commit)
    TransactionManagementError = errors.TransactionError


def _as_they_are(*_: Any, **__: Any) -> Callable[[Any], Any]:
    return lambda found: found


def _only_with(*names: str) -> Callable[[Any], Any]:
    missing = [name for name in names if not getattr(Features(), name)]
    return unittest.skip(f"SQLite has no {missing[0]}") if missing else _as_they_are()


def _only_without(*names: str) -> Callable[[Any], Any]:
    there = [name for name in names if getattr(Features(), name)]
    return unittest.skip(f"SQLite has {there[0]}") if there else _as_they_are()


class Approximate:
    """A number that is near."""

    def __init__(self, value: Any, places: int = 7) -> None:
        self.value = value
        self.places = places

    def __eq__(self, other: object) -> bool:
        return self.value == other or round(abs(self.value - other), self.places) == 0

    __hash__ = None


class UnusedWarning(Warning):
    """What Django warns of."""


_really_register = db.Field.register_lookup.__func__


def _register(cls: Any, lookup: Any, name: str | None = None) -> Any:
    """Make a function known as a transform; what speaks of Django's inside is left alone."""
    takes = isinstance(lookup, type) and issubclass(lookup, Function) and (name or lookup.lookup_name)
    return _really_register(cls, lookup, name) if takes else lookup


@contextlib.contextmanager
def _registered(field: Any, *lookups: Any, lookup_name: str | None = None) -> Iterator[None]:
    """Transforms for as long as the block runs."""
    before = vars(field).get("_registered", types.MappingProxyType({}))
    for each in lookups:
        field.register_lookup(each, lookup_name)
    yield
    field._registered = before


def _make_aware(value: dt.datetime, timezone: Any = None) -> dt.datetime:
    return value.replace(tzinfo=timezone or dt.UTC)


def install() -> None:
    """Make the modules known under Django's names."""
    options.given_to = _given
    db.Field.register_lookup, db.Field.class_lookups = classmethod(_register), {}
    names = models_module()
    module("django", VERSION=(5, 2))
    module("django.db", IntegrityError=errors.IntegrityError, DatabaseError=errors.DatabaseError,
           OperationalError=errors.OperationalError, DataError=errors.DataError, NotSupportedError=errors.FieldError,
           DEFAULT_DB_ALIAS="default", transaction=Transaction, connection=Connection(),
           connections={"default": Connection()})  # fmt: skip
    module("django.db.models", **names)
    functions = {name: getattr(db, name) for name in dir(db) if not name.startswith("_")}
    module("django.db.models.functions", **functions)
    module("django.db.models.query", QuerySet=db.QuerySet, Prefetch=db.Prefetch, MAX_GET_RESULTS=2)
    module("django.db.models.manager", Manager=db.Manager, BaseManager=db.Manager)
    for part in ("fields", "expressions", "lookups", "query_utils", "aggregates", "base", "fields.related", "deletion",
                 "indexes", "constraints", "fields.files", "fields.json", "options", "sql", "sql.where", "sql.query",
                 "sql.constants", "sql.compiler", "sql.datastructures", "fields.related_lookups",
                 "constants"):  # fmt: skip
        module(
            f"django.db.models.{part}", **(names if part in ("fields", "expressions", "aggregates", "lookups") else {})
        )
    module("django.db.models.signals", **{name: getattr(signals, name) for name in signals.__all__})
    module("django.dispatch", receiver=signals.receiver, Signal=signals.Signal)
    module("django.db.utils", IntegrityError=errors.IntegrityError, DatabaseError=errors.DatabaseError,
           NotSupportedError=errors.FieldError)  # fmt: skip
    module("django.core.exceptions", FieldError=errors.FieldError, ObjectDoesNotExist=errors.ObjectDoesNotExist,
           MultipleObjectsReturned=errors.MultipleObjectsReturned, ValidationError=errors.ValidationError,
           FieldDoesNotExist=errors.FieldError, ImproperlyConfigured=errors.ConfigError,
           EmptyResultSet=absent("EmptyResultSet"))  # fmt: skip
    module("django.utils.translation", gettext_lazy=str, gettext=str)
    module("django.utils.timezone", now=lambda: dt.datetime.now(dt.UTC), utc=dt.UTC, make_aware=_make_aware)
    module("django.utils.functional", cached_property=_cached_property())
    module("django.utils.deprecation", RemovedInDjango60Warning=UnusedWarning, RemovedInDjango61Warning=UnusedWarning)
    module("django.utils.version", PY314=False, PY312=False)
    module("django.utils.connection", ConnectionDoesNotExist=errors.ConfigError)
    for name in words(
        """
        conf apps apps.registry urls http template template.context contrib.admin contrib.auth.hashers
        contrib.sites.models contrib.contenttypes.forms forms.models db.migrations.state
        db.transaction test.signals test.client utils.timesince utils.text utils.hashable
        utils.datastructures utils.dates core.validators core.checks core.management core.serializers core.files
        core.files.base contrib.auth.models db.backends.utils forms utils.duration
        utils.encoding utils.dateparse db.backends.base
        """
    ):
        module(f"django.{name}")
    types = importlib.import_module("spruce.db.contenttypes")  # which declares a model, by the names given above
    generic = {name: getattr(types, name) for name in types.__all__}
    for part in ("models", "fields", "prefetch"):
        module(f"django.contrib.contenttypes.{part}", **generic)
    tests = {"TestCase": TestCase, "TransactionTestCase": TransactionTestCase, "SimpleTestCase": SimpleTestCase,
             "skipUnlessDBFeature": _only_with, "skipIfDBFeature": _only_without,
             "skipUnlessAnyDBFeature": _as_they_are,
             "override_settings": _as_they_are, "ignore_warnings": _as_they_are}  # fmt: skip
    module("django.test", **tests)
    module("django.test.testcases", **tests)
    module("django.test.utils", isolate_apps=_as_they_are, register_lookup=_registered, CaptureQueriesContext=Captured,
           Approximate=Approximate, tag=_as_they_are, override_settings=_as_they_are,
           ignore_warnings=_as_they_are)  # fmt: skip


def _cached_property() -> Any:
    return importlib.import_module("functools").cached_property


def run(app: str) -> dict[str, str]:
    """Run the tests of an app; return what became of each."""
    config.install(Settings(DATABASES={"default": "sqlite://"}))
    install()
    package = importlib.import_module(app)
    suite = unittest.TestSuite()
    for each in pkgutil.walk_packages(package.__path__, f"{app}."):
        if each.name.rpartition(".")[2].startswith("test"):
            with contextlib.suppress(TypeError):  # where what is absent is used as it is imported
                suite.addTests(unittest.defaultTestLoader.loadTestsFromName(each.name))
    every = list(_tests(suite))
    results = Results()
    suite.run(results)
    return {short_name(test): results.told.get(short_name(test), "its class could not be set up") for test in every}


def _tests(suite: Any) -> Iterator[Any]:
    for each in suite:
        if isinstance(each, unittest.TestSuite):
            yield from _tests(each)
        else:
            yield each


def main(apps: Iterable[str]) -> None:
    """Run apps that don't share models."""
    warnings.simplefilter("ignore")
    sys.path.insert(0, ".")
    sys.setrecursionlimit(400)
    for app in apps:
        print(json.dumps(run(app)))  # noqa: T201 - it is a program


if __name__ == "__main__":
    main(sys.argv[1:])
