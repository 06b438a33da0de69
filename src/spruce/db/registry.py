"""The registry of all models with their tables: it connects relations with the models that they name."""

from typing import Any

from spruce.db.connected import ManyRelated
from spruce.db.genericrelations import GenericRelation, connect_generics
from spruce.db.manytomany import ManyToManyField
from spruce.db.metadata import metadata
from spruce.db.records import Record
from spruce.db.references import NOT_LOADED
from spruce.db.related import Reverse, ReverseOne
from spruce.db.relations import ForeignKey, ReverseStep
from spruce.db.siblings import give_places
from spruce.errors import ModelError, nearest

__all__ = ["Registry"]


class Registry:
    """All models by table, and SQLAlchemy's metadata."""

    def __init__(self) -> None:
        self.metadata = metadata
        self.models: dict[str, type[Record]] = {}  # by table
        self.proxies: dict[str, type[Record]] = {}  # of models that have tables, by label
        self.waiting: list[ManyToManyField[Any]] = []  # whose models are not all declared yet
        self.waiting_generic: list[tuple[Any, GenericRelation]] = []  # the same, with the models that have them

    def add(self, model: type[Record]) -> None:
        """Take a model in; it replaces one of its name in its module, as after a reload. Raises ModelError."""
        if model._meta.proxy:
            self._add_proxy(model)
            return
        name = model._meta.db_table
        old = self.models.get(name)
        if old is not None and not (model._meta.managed and old._meta.managed) and old._meta.label != model._meta.label:
            name, old = self._share(model, old)
        if old is not None and (old.__module__, old.__name__) != (model.__module__, model.__name__):
            raise ModelError(
                f"{model._meta.label} and {old._meta.label} have the same table {name!r}",
                hint="Give one of them another name with `class Meta: db_table = …`.",
            )
        found = [field for field in _relations(model) if self._resolve(field, model)]
        found += [field for other in self.models.values() for field in _relations(other) if field.names(model)]
        taken: set[tuple[Any, str]] = set()
        for field in found:
            target = model if field.names(model) else field.target
            field.key_of(target)  # which refuses a to_field that cannot be
            _check_accessor(field, target, taken)
        if old is not None:
            self._remove(old)
        self.models[name] = model
        for field in found:
            if field.names(model):
                field.to = model
            _connect(field)
        self._connect_many(model)

    def _share(self, model: type[Record], old: type[Record]) -> tuple[str, None]:
        """The key for a model of a table that another has; the one that manages the table gets the table's name."""
        if model._meta.managed:
            self.models[old._meta.label] = self.models.pop(model._meta.db_table)
            return model._meta.db_table, None
        return model._meta.label, None

    def _add_proxy(self, model: type[Record]) -> None:
        self.proxies[model._meta.label] = model
        for field in (field for other in self.models.values() for field in _relations(other) if field.names(model)):
            field.to = model
            _connect(field)
        self._connect_many(model)

    def _all(self) -> list[type[Record]]:
        return [*self.models.values(), *self.proxies.values()]

    def _connect_many(self, model: type[Record]) -> None:
        """Connect what waits for this model: its own relations with managers, and others that name it."""
        own = () if model._meta.proxy else model._meta.many.values()
        known = {other.__name__: other for other in self._all()}
        self.waiting_generic = connect_generics(model, self.waiting_generic, known)
        waiting, self.waiting = [*self.waiting, *own], []  # connecting declares models
        ready = [link for link in waiting if link.connect(known)]
        self.waiting += [link for link in waiting if link not in ready]
        for link in ready:
            link.model._meta.relations[link.name] = link.steps(backwards=False)
            link.target._meta.relations[link.path(True)] = link.steps(backwards=True)
            setattr(link.model, link.name, ManyRelated(link, reverse=False))
            if link.accessor is not None:
                setattr(link.target, link.accessor, ManyRelated(link, reverse=True))

    def _resolve(self, field: ForeignKey[Any], model: type[Record]) -> bool:
        """Find the model that a new foreign key names, if it is declared; the same module's before others."""
        known = sorted(self._all(), key=lambda other: other.__module__ != model.__module__)
        if not field.names(model):
            field.to = next((other for other in known if field.names(other)), field.to)
        return not isinstance(field.to, str) or field.names(model)

    def _remove(self, model: type[Record]) -> None:
        del self.models[model._meta.db_table]
        for field in model._meta.local:
            if isinstance(field, ForeignKey) and not isinstance(field.to, str) and field in field.to._meta.pointing:
                field.to._meta.pointing.remove(field)
                field.to._meta.relations.pop(field.query_name or "", None)
        table = self.metadata.tables.get(model._meta.db_table)
        if table is not None:
            self.metadata.remove(table)

    def find(self, name: str, field: ForeignKey[Any]) -> type[Record]:
        """The model that a ForeignKey names. Raises ModelError."""
        known = [model.__name__ for model in self._all()]
        raise ModelError(
            f"{field.label} points to {name!r}, and there is no such model{nearest(name, known)}",
            hint="Import the module that declares it before the first query.",
        )


def _connect(field: ForeignKey[Any]) -> None:
    """Let the other side of a ForeignKey know of it."""
    target: Any = field.target._meta.concrete
    field.remote = field.key.attname
    if not field.plain_key:
        _note_other_key(target)
    target._meta.pointing.append(field)
    if field.query_name is not None:
        target._meta.relations[field.query_name] = (ReverseStep(field, field.query_name),)
    if field.model._meta.order_with_respect_to == field.name and field.attname in field.model._meta.placed:
        give_places(target, field.model, lambda owner: {field.name: owner})
    if field.accessor is not None:
        setattr(target, field.accessor, ReverseOne(field) if field.single else Reverse(field))
        if field.single:
            setattr(target, field.reverse_slot, NOT_LOADED)


def _note_other_key(model: type[Record]) -> None:
    """Let a model, and those that inherit from it, know that a foreign key points to it by its `to_field`."""
    model._meta.keyed_otherwise = True
    for each in model.__subclasses__():
        _note_other_key(each)


def _relations(model: type[Record]) -> list[ForeignKey[Any]]:
    return [field for field in model._meta.local if isinstance(field, ForeignKey)]


def _check_accessor(field: ForeignKey[Any], target: type[Record], taken: set[tuple[Any, str]]) -> None:
    """Raise ModelError if the other side has something else of the same name."""
    name = field.accessor
    if name is None:
        return
    target = target._meta.concrete
    if name in target._meta.paths:
        raise ModelError(
            f"{field.label} would be {name!r} on {target.__name__}, which has a field of that name",
            hint="Give the ForeignKey another related_name.",
        )
    other = vars(target).get(name)
    known = other.field.label if isinstance(other, Reverse) and _place(other.field) != _place(field) else ""
    if known or (target, name) in taken:
        raise ModelError(
            f"{field.label} and {known or 'another field of the model'} would both be {name!r} on {target.__name__}",
            hint="Give one of them another related_name.",
        )
    taken.add((target, name))


def _place(field: ForeignKey[Any]) -> tuple[str, str]:
    return field.model._meta.db_table, field.name
