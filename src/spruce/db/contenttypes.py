"""Content types: a row for each model, so that rows can name objects of any model.

Only programs that import this module have the table. Rows are made by `db.create_all()`, by `spruce db upgrade`, and
where one is missing; each process keeps what it has read, by database.
"""

from typing import Any
from weakref import WeakKeyDictionary

from spruce.db.databases import Database, current
from spruce.db.generic import GenericForeignKey, GenericPrefetch
from spruce.db.genericrelations import GenericRelation
from spruce.db.models import Model, registry
from spruce.db.queryset import Manager
from spruce.db.records import app_label_of
from spruce.db.routing import may_migrate
from spruce.db.signals import post_migrate
from spruce.db.texts import CharField
from spruce.db.transactions import on_commit

__all__ = [
    "ContentType",
    "ContentTypeManager",
    "GenericForeignKey",
    "GenericPrefetch",
    "GenericRelation",
    "make_content_types",
]

Key = tuple[str, str]


def _key(model: Any, for_concrete_model: bool) -> Key:
    """Label and name of a model, or of that of an object."""
    kind: Any = model if isinstance(model, type) else type(model)
    kind = kind._meta.concrete if for_concrete_model else kind
    return app_label_of(kind), kind._meta.model_name


class _Kept:
    """What is known of one database."""

    def __init__(self) -> None:
        self.by_key: dict[Key, ContentType] = {}
        self.by_id: dict[Any, ContentType] = {}
        self.unsure: set[Key] = set()  # made in transactions that have not been committed

    def keep(self, found: "ContentType") -> "ContentType":
        """Keep a row, unless a transaction may still undo it."""
        key = (found.app_label, found.model)
        if key not in self.unsure:
            self.by_key[key] = self.by_id[found.pk] = found
        return found

    def keep_made(self, found: "ContentType") -> None:
        """Keep a row whose transaction has been committed."""
        self.unsure.discard((found.app_label, found.model))
        self.keep(found)


_kept: WeakKeyDictionary[Database, _Kept] = WeakKeyDictionary()


class ContentTypeManager(Manager["ContentType"]):
    """`ContentType.objects`: finds the rows of models, once in each process."""

    def _known(self) -> _Kept:
        database = self._database(write=True)
        return _kept.setdefault(database, _Kept())

    def get_by_natural_key(self, app_label: str, model: str) -> "ContentType":
        """The row of a model by its label and name. Raises DoesNotExist."""
        known = self._known()
        found = known.by_key.get((app_label, model))
        return found if found is not None else known.keep(self.get(app_label=app_label, model=model))

    def get_for_model(self, model: Any, for_concrete_model: bool = True) -> "ContentType":
        """The row of a model or of an object's model, made if there is none; of the concrete one, not of a proxy."""
        key = _key(model, for_concrete_model)
        known = self._known()
        found = known.by_key.get(key)
        if found is not None:
            return found
        rows = self.using(self._database(write=True).alias)
        made, new = rows.get_or_create(app_label=key[0], model=key[1])
        if not new:
            return known.keep(made)
        known.unsure.add(key)
        on_commit(lambda: known.keep_made(made), using=rows.db)
        return made

    def get_for_models(self, *models: Any, for_concrete_models: bool = True) -> "dict[Any, ContentType]":
        """The rows of several models, by model; those that are not known yet are read by one query."""
        known = self._known()
        keys = {_key(model, for_concrete_models) for model in models}
        missing = [key for key in keys if key not in known.by_key]
        if len(missing) > 1:
            rows = self.using(self._database(write=True).alias)
            labels, names = zip(*missing, strict=True)
            for each in rows.filter(app_label__in=labels, model__in=names):
                known.keep(each)
        return {model: self.get_for_model(model, for_concrete_models) for model in models}

    def get_for_id(self, id: Any) -> "ContentType":  # noqa: A002 - Django's name
        """The row of a key. Raises DoesNotExist."""
        known = self._known()
        found = known.by_id.get(id)
        return found if found is not None else known.keep(self.get(pk=id))

    def clear_cache(self) -> None:
        """Forget what was read."""
        _kept.clear()


class ContentType(Model):
    """A model, by the label of the part of the program that it is in and its own name in lower case."""

    app_label = CharField(max_length=100)
    model = CharField("python model class name", max_length=100)

    objects = ContentTypeManager()

    class Meta:  # noqa: D106 - options of the model, which the model's docstring is for
        db_table = "django_content_type"
        unique_together = ("app_label", "model")
        verbose_name = "content type"

    def __str__(self) -> str:
        return self.app_labeled_name

    @property
    def name(self) -> str:
        """How people call the model."""
        kind = self.model_class()
        return self.model if kind is None else str(kind._meta.verbose_name)

    @property
    def app_labeled_name(self) -> str:
        """`Shop | product`."""
        return self.model if self.model_class() is None else f"{self.app_label.title()} | {self.name}"

    def model_class(self) -> Any:
        """The model; None if there is none of the name any more."""
        known = (*registry.models.values(), *registry.proxies.values())
        fits = (each for each in known if each._meta.model_name == self.model)
        return next((each for each in fits if app_label_of(each) == self.app_label), None)

    def get_object_for_this_type(self, using: str | None = None, **conditions: Any) -> Any:
        """The one object of the model that fits. Raises its DoesNotExist."""
        return self.model_class()._base.using(using).get(**conditions)

    def get_all_objects_for_this_type(self, **conditions: Any) -> Any:
        """All objects of the model that fit."""
        return self.model_class()._base.filter(**conditions)

    def natural_key(self) -> Key:
        """What tells it from others in any database."""
        return self.app_label, self.model


def make_content_types(sender: Any, using: str, **_: Any) -> None:
    """Make the rows that are missing in a database, of all models but those that Spruce made for connections."""
    if registry.models.get(ContentType._meta.db_table) is not ContentType or not may_migrate(using, ContentType):
        return
    _kept.pop(current()[using], None)
    models = [each for each in registry.models.values() if may_migrate(using, each)]
    between = {link.between for each in models for link in each._meta.many.values() if getattr(link, "made", False)}
    wanted = {(app_label_of(each), each._meta.model_name) for each in models if each not in between}
    there = set(ContentType.objects.using(using).values_list("app_label", "model"))
    rows = [ContentType(app_label=label, model=name) for label, name in sorted(wanted - there)]
    ContentType.objects.using(using).bulk_create(rows)


post_migrate.connect(make_content_types)
