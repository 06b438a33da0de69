"""What a model knows of itself: `Product._meta`."""

import keyword
import re
from functools import partial
from typing import Any

import sqlalchemy as sa

from spruce.db.constraints import CheckConstraint, UniqueConstraint
from spruce.db.fields import REQUIRED, Field
from spruce.db.formulas import Formula
from spruce.db.indexes import Index
from spruce.db.inheritance import concrete_of, given_to, parent_of
from spruce.db.integers import AutoField
from spruce.db.manytomany import ManyToManyField
from spruce.db.ondelete import CASCADE
from spruce.db.queryset import Manager
from spruce.db.records import Record
from spruce.db.relations import ForeignKey, OneToOneField, Step, Upward
from spruce.db.shapes import Shape
from spruce.db.siblings import OrderField, owner_attributes
from spruce.db.tokens import order_terms
from spruce.errors import FieldError, ModelError, nearest

__all__ = ["Options"]

_OPTIONS = (
    "abstract",
    "app_label",
    "constraints",
    "db_table",
    "db_table_comment",
    "default_permissions",
    "default_related_name",
    "get_latest_by",
    "indexes",
    "managed",
    "order_with_respect_to",
    "ordering",
    "permissions",
    "proxy",
    "unique_together",
    "verbose_name",
    "verbose_name_plural",
)
_OWN = (
    "abstract",
    "db_table",
    "managed",
    "permissions",
    "proxy",
)  # of one model, and not of those that inherit from it
_ACTIONS = ("add", "change", "delete", "view")
_RESERVED = frozenset(
    {"pk", "self", "objects", "DoesNotExist", "MultipleObjectsReturned", "save", "delete", "refresh_from_db"}
)
_WORDS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


class Options:
    """The fields of a model and the options of its `Meta`.

    `paths` has each name by which a query may call a field: its name, its attribute, and `pk`. A model that inherits
    from one with a table (`parent`) has the fields of both: `local` are those of its own table, in which `link` points
    to the row of the parent's.
    """

    def __init__(
        self,
        model: type[Record],
        meta: Any,
        registry: Any,
        own: dict[str, Field[Any]],
        many: dict[str, ManyToManyField[Any]],
        managers: dict[str, Manager[Any]],
    ) -> None:
        given = given_to(model, meta, _OWN)
        self.given = given
        for key in given.keys() - set(_OPTIONS):
            raise ModelError(
                f"{model.__name__}.Meta has no option {key!r}{nearest(key, _OPTIONS)}",
                hint=f"Options: {', '.join(_OPTIONS)}.",
            )
        self.model = model
        self.registry = registry
        self.abstract = bool(given.get("abstract", False))
        self.proxy = bool(given.get("proxy", False))
        self.concrete = concrete_of(model, self.proxy, bool(own or many))  # the model that has the table
        self.parent = None if self.proxy else parent_of(model)
        self.link: OneToOneField[Any] | None = None
        self.upward: tuple[Step, ...] = ()  # to the parent's row
        self.db_table: str = (
            self.concrete._meta.db_table
            if self.proxy
            else given.get("db_table") or _WORDS.sub("_", model.__name__).lower()
        )
        self.db_table_comment: str | None = given.get("db_table_comment")
        self.verbose_name: str = given.get("verbose_name") or _WORDS.sub(" ", model.__name__).lower()
        self.verbose_name_plural: str = given.get("verbose_name_plural") or f"{self.verbose_name}s"
        self._take(given)
        self.app_label: str | None = given.get("app_label")  # None: made of the module's name, see spruce.auth
        self.permissions: tuple[tuple[str, str], ...] = tuple(given.get("permissions", ()))
        self.default_permissions: tuple[str, ...] = tuple(given.get("default_permissions", _ACTIONS))
        self.constraints: tuple[CheckConstraint | UniqueConstraint, ...] = tuple(given.get("constraints", ()))
        self.indexes: tuple[Index, ...] = tuple(given.get("indexes", ()))
        self.unique_together = _groups(given.get("unique_together", ()))
        bases = [vars(base)["_meta"] for base in model.__mro__[1:] if "_meta" in vars(base)]
        self.managers = managers | {
            name: one for options in bases for name, one in options.inherited.items() if name not in managers
        }
        self.ordering: tuple[Any, ...] = tuple(given.get("ordering", bases[0].ordering if bases else ()))
        self._take_order()
        self.keyed_otherwise = any(each.keyed_otherwise for each in bases)  # a foreign key has a to_field in its tables
        if self.proxy:
            self._share(self.concrete._meta)
        else:
            self._describe(own, many)
        self.left = tuple(field.attname for field in self.local if field.db_default is not REQUIRED)
        keys = [field.attname for field in self.local if isinstance(field, AutoField)]
        self.counted = keys[0] if keys and not self.left else ""  # the key, if the database counts it up
        self.shape = Shape(model)
        self.writers: dict[tuple[Any, ...], Any] = {}  # see writers.py

    def _take(self, given: dict[str, Any]) -> None:
        """What needs nothing but Meta."""
        self.default_related_name: str | None = given.get("default_related_name")
        latest = given.get("get_latest_by", ())
        self.get_latest_by: tuple[str, ...] = (latest,) if isinstance(latest, str) else tuple(latest or ())
        self.own_save = False  # whether the program has written a save() for it
        self.order_with_respect_to: str | None = given.get("order_with_respect_to")
        self.managed = bool(given.get("managed", True))  # whether create_all() and migrations make its table

    def __repr__(self) -> str:
        return f"<Options of {self.label}>"

    def _take_order(self) -> None:
        if self.order_with_respect_to is not None:
            if self.given.get("ordering"):
                raise ModelError(
                    f"{self.model.__name__}.Meta has ordering and order_with_respect_to, which is an order itself",
                    hint="Leave one of them out.",
                )
            self.ordering = ("_order",)
        self.orders, values = order_terms(self.ordering)  # as queries have them
        if values:
            raise ModelError(
                f"{self.model.__name__}.Meta.ordering holds the value {values[0]!r}",
                hint="It takes fields, and terms of them.",
            )

    def _describe(self, own: dict[str, Field[Any]], many: dict[str, ManyToManyField[Any]]) -> None:
        """Take in the fields of the model itself and of abstract ones."""
        self.local = self._collect(own)
        self.fields: tuple[Field[Any], ...] = (*(self.parent._meta.fields if self.parent else ()), *self.local)
        self.upward = () if self.link is None else (Upward(self.link),)
        self.paths = self._paths()
        placed = "_order" in {field.name for field in self.local}
        self.placed: tuple[str, ...] = (
            owner_attributes(self.model, self.paths, self.order_with_respect_to or "") if placed else ()
        )  # the attributes with the owner, among whose objects it has a place
        above = self.parent._meta.keys if self.parent else ()
        self.keys: tuple[str, ...] = () if self.abstract else (self.pk.attname, *above)  # what holds an object's key
        self.many = self._collect_many(many)
        self.relations: dict[str, tuple[Step, ...]] = {}  # names by which queries go to those that point here
        self.pointing: list[ForeignKey[Any]] = []  # the foreign keys of other models that point here
        self.generic: list[Any] = []  # the GenericRelations that it has
        self.settled: dict[str, Any] = {}  # the GenericForeignKeys that set an attribute when an object is saved

    def _share(self, other: "Options") -> None:
        """Have everything of a table in common with the model that it belongs to, now and later."""
        self.placed = other.placed
        self.fields, self.local, self.paths, self.many = other.fields, other.local, other.paths, other.many
        self.parent, self.link, self.upward, self.keys = other.parent, other.link, other.upward, other.keys
        self.relations, self.pointing = other.relations, other.pointing
        self.generic, self.settled = other.generic, other.settled

    @property
    def inherited(self) -> dict[str, Manager[Any]]:
        """The managers that models get which inherit from this one."""
        return self.managers or ({} if self.abstract else {"objects": Manager()})

    @property
    def has_single(self) -> bool:
        """Whether a OneToOneField points here, or to a parent."""
        return any(field.single for field in self.pointed)

    @property
    def pointed(self) -> list[ForeignKey[Any]]:
        """The foreign keys of other models that point here or to a parent."""
        return [*self.pointing, *(self.parent._meta.pointed if self.parent else ())]

    @property
    def sole(self) -> set[tuple[str, ...]]:
        """The names of fields whose values are unique together in all rows."""
        plain = [each for each in self.constraints if isinstance(each, UniqueConstraint) and each.condition is None]
        return {*self.unique_together, *(tuple(each.fields) for each in plain)}

    def knows(self, name: str) -> bool:
        """Whether a query may call a field or relation by this name."""
        return name in self.paths or bool(self.over(name))

    def over(self, name: str) -> tuple[Step, ...]:
        """What a query follows for the name of a relation to here, or to a parent; nothing if there is none."""
        found = self.relations.get(name, ())
        if not found and self.parent is not None:
            found = self.parent._meta.over(name)
            return (*self.upward, *found) if found else ()
        return found

    @property
    def reached(self) -> set[str]:
        """The names of all relations to here and to a parent."""
        return {*self.relations, *(self.parent._meta.reached if self.parent else ())}

    def up_to(self, model: type[Record]) -> tuple[Step, ...]:
        """The way to the table of `model`, which is a parent or the model itself."""
        if model is self.concrete or self.parent is None:
            return ()
        return (*self.upward, *self.parent._meta.up_to(model))

    @property
    def lineage(self) -> tuple[type[Record], ...]:
        """The models whose tables an object has rows in, the oldest first."""
        return (*(self.parent._meta.lineage if self.parent else ()), self.model)

    @property
    def label(self) -> str:
        """`shop.models.Product`."""
        return f"{self.model.__module__}.{self.model.__qualname__}"

    @property
    def object_name(self) -> str:
        """`Product`."""
        return self.model.__name__

    @property
    def model_name(self) -> str:
        """`product`."""
        return self.model.__name__.lower()

    @property
    def pk(self) -> Field[Any]:
        """The primary key."""
        return self.paths["pk"]

    def field(self, name: str) -> Field[Any]:
        """The field of a name. Raises FieldError."""
        if name not in self.paths:
            raise FieldError(f"{self.model.__name__} has no field {name!r}{nearest(name, self.paths)}")
        return self.paths[name]

    def get_field(self, name: str) -> Any:
        """The field or ManyToManyField of a name. Raises FieldError."""
        found = next((each.many[name] for each in self._above() if name in each.many), None)
        return self.field(name) if found is None else found

    def _above(self) -> "list[Options]":
        return [model._meta for model in self.lineage]

    def _collect(self, own: dict[str, Field[Any]]) -> tuple[Field[Any], ...]:
        fields: dict[str, Field[Any]] = {}
        for base in reversed(self.model.__mro__[1:]):
            options = vars(base).get("_meta")
            if options is None or not options.abstract or (self.parent and issubclass(self.parent, base)):
                continue
            fields |= {field.name: field.copy() for field in options.fields if field.name not in vars(self.model)}
        fields |= own
        if not self.abstract:
            fields = self._with_key(fields)
            fields |= {"_order": OrderField(editable=False)} if self.order_with_respect_to else {}
        for name, field in fields.items():
            if not isinstance(field, OrderField):
                _check_name(self.model, name)
            if self.parent is not None and name in self.parent._meta.paths:
                raise ModelError(
                    f"{self.model.__name__}.{name} is a field already of {self.parent.__name__}, "
                    f"from which it inherits",
                    hint="Give it another name.",
                )
            field.bind_to(self.model, name)
        return tuple(fields.values())

    def _collect_many(self, own: dict[str, ManyToManyField[Any]]) -> dict[str, ManyToManyField[Any]]:
        bases = [vars(base)["_meta"] for base in reversed(self.model.__mro__[1:]) if "_meta" in vars(base)]
        above = [each for each in bases if each.abstract and not (self.parent and issubclass(self.parent, each.model))]
        many = {name: link.copy() for options in above for name, link in options.many.items()} | own
        for name, link in many.items():
            _check_name(self.model, name)
            link.model, link.name = self.model, name
        return many

    def _with_key(self, fields: dict[str, Field[Any]]) -> dict[str, Field[Any]]:
        if self.parent is not None:
            fields = self._with_link(fields, self.parent)
        keys = [name for name, field in fields.items() if field.primary_key]
        if len(keys) > 1:
            raise ModelError(f"{self.model.__name__} has two primary keys: {', '.join(keys)}")
        if not keys and "id" in fields:
            raise ModelError(f"{self.model.__name__}.id must be the primary key", hint="Or rename it.")
        return fields if keys else {"id": AutoField(), **fields}

    def _with_link(self, fields: dict[str, Field[Any]], parent: type[Record]) -> dict[str, Field[Any]]:
        """The fields with the one that points to the row of the parent, which is the key."""
        links = [each for each in fields.values() if isinstance(each, OneToOneField) and each.parent_link]
        if links:
            self.link = links[0]
            self.link.primary_key = True
            return fields
        self.link = OneToOneField(parent, CASCADE, parent_link=True, primary_key=True, editable=False)
        return {f"{parent.__name__.lower()}_ptr": self.link, **fields}

    def _paths(self) -> dict[str, Field[Any]]:
        paths = {field.name: field for field in self.fields}
        for field in self.fields:
            if paths.setdefault(field.attname, field) is not field:
                raise ModelError(f"{self.model.__name__}.{field.attname} is both a field and the key of {field.label}")
        keys = [field for field in self.local if field.primary_key]
        return {**paths, "pk": keys[0]} if keys else paths

    @property
    def keeps_table(self) -> bool:
        """Whether the table of its name is its own, and not of one that replaced it, or manages the table."""
        return self.registry.models.get(self.db_table) is self.model

    def build_table(self) -> sa.Table:
        """Make the SQLAlchemy table. Raises ModelError if a foreign key points to a model that does not exist."""
        if self.proxy:
            shared: sa.Table = self.concrete.__table__
            return shared
        self._check_groups()
        groups = [
            sa.UniqueConstraint(
                *(self.field(name).attname for name in group), name=f"{self.db_table}_{'_'.join(group)}_key"
            )
            for group in self.unique_together
        ]
        formulate = partial(Formula, self.model)
        columns = [field.column(formulate) for field in self.local]
        auto = isinstance(self.pk, AutoField)
        metadata = self.registry.metadata if self.keeps_table else sa.MetaData()
        checks = [each.element(self.model) for each in self.constraints if isinstance(each, CheckConstraint)]
        table = sa.Table(
            self.db_table,
            metadata,
            *columns,
            *groups,
            *checks,
            sqlite_autoincrement=auto,
            comment=self.db_table_comment,
        )
        for index in self.indexes:
            index.element(self.model, table)
        for constraint in self.constraints:
            if isinstance(constraint, UniqueConstraint):
                made = constraint.element(self.model, table)
                if isinstance(made, sa.UniqueConstraint):
                    table.append_constraint(made)
        return table

    def _check_groups(self) -> None:
        for name in (name for group in self.unique_together for name in group):
            if self.field(name) not in self.local:
                raise ModelError(
                    f"{self.model.__name__}.Meta.unique_together names {name!r}, which is in the table of "
                    f"{self.field(name).model.__name__}",
                    hint="Columns of two tables cannot be unique together.",
                )


def _groups(value: Any) -> tuple[tuple[str, ...], ...]:
    """`unique_together`, which is one group of names or several."""
    if value and all(isinstance(name, str) for name in value):
        return (tuple(value),)
    return tuple(tuple(group) for group in value)


def _check_name(model: type[Record], name: str) -> None:
    if name in _RESERVED:
        raise ModelError(f"{model.__name__}.{name}: a field cannot have this name, which every model uses itself")
    if not name.isidentifier() or keyword.iskeyword(name):
        raise ModelError(f"{model.__name__}: {name!r} can be no field, because no attribute can have this name")
    if "__" in name or name.startswith("_") or name.endswith("_"):
        raise ModelError(f"{model.__name__}.{name}: a field's name has no underscore at its ends and no two in a row")
