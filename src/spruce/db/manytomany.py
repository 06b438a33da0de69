"""ManyToManyField: connections between two models, each a row of a model in between.

The model in between is made unless `through` names one of the program's own. It is connected once both models (and
`through`) are declared.
"""

from copy import copy
from typing import TYPE_CHECKING, Any, Generic, TypeVar, overload

from spruce.db.ondelete import CASCADE
from spruce.db.records import Record, name_parts
from spruce.db.relations import ForeignKey, ReverseStep, Step
from spruce.errors import ModelError

if TYPE_CHECKING:
    from spruce.db.connected import ManyManager

__all__ = ["ManyToManyField"]

M = TypeVar("M", bound=Record)


class ManyToManyField(Generic[M]):
    """Any number of rows of another model, or of its own ("self"); a model that comes later may be given by its name.

    `product.tags` is a manager with `add`, `remove`, `set`, `clear` and `create`; `related_name` names the other side
    as for a ForeignKey. `through` is the model in between if it is one of your own, and `through_fields` names its two
    foreign keys if it has more; `blank`, `verbose_name` and `help_text` are for forms, and so is `limit_choices_to`: a
    dict of conditions, a Q or a function that gives one, for the rows to offer. To its own model it is `symmetrical`:
    who is connected is so both ways.
    """

    name = ""
    model: type[Record]
    between: type[Record]  # the model in between, once it is known
    made: bool  # whether that is not one of the program's own
    source_key: ForeignKey[Any]
    target_key: ForeignKey[Any]

    def __init__(
        self,
        to: "type[M] | str",
        *,
        related_name: str | None = None,
        related_query_name: str | None = None,
        db_constraint: bool = True,
        through: "type[Record] | str | None" = None,
        through_fields: tuple[str, str] | None = None,
        symmetrical: bool | None = None,
        db_table: str | None = None,
        blank: bool = False,
        verbose_name: object = "",
        help_text: str = "",
        limit_choices_to: Any = None,
    ) -> None:
        if not isinstance(to, str) and (not hasattr(to, "_meta") or to._meta.abstract):
            raise ModelError(f"ManyToManyField takes a model with a table, or the name of one, not {to!r}")
        self.to: Any = to
        self.through: Any = through
        self.through_fields = through_fields
        self._related_name = related_name
        self.related_query_name = related_query_name
        self.db_constraint = db_constraint
        self.symmetrical = to == "self" if symmetrical is None else symmetrical
        self.db_table = db_table
        self.blank = blank
        self.verbose_name = verbose_name
        self.help_text = help_text
        self.limit_choices_to = limit_choices_to

    if TYPE_CHECKING:

        @overload
        def __get__(self, instance: None, owner: type) -> "ManyToManyField[M]": ...
        @overload
        def __get__(self, instance: object, owner: type) -> "ManyManager[M]": ...
        def __get__(self, instance: object | None, owner: type) -> Any: ...

    def copy(self) -> "ManyToManyField[M]":
        """The same for another model, as an abstract model's for those that inherit from it."""
        return copy(self)

    @property
    def label(self) -> str:
        """`Product.tags`."""
        return f"{self.model.__name__}.{self.name}"

    @property
    def target(self) -> type[Record]:
        """The model on the other side."""
        return self.to  # type: ignore[no-any-return] # a model, once it is connected

    @property
    def related_name(self) -> str | None:
        """The name that was given for the other side, or that Meta gives to all of its model's."""
        name = self._related_name or self.model._meta.default_related_name
        return name if name is None or "%(" not in name else name % name_parts(self.model)

    @property
    def accessor(self) -> str | None:
        """The name of the manager on the other side."""
        if self.symmetrical or (self.related_name or "").endswith("+"):
            return None
        return self.related_name or f"{self.model.__name__.lower()}_set"

    @property
    def query_name(self) -> str | None:
        """The name by which queries go the other way."""
        if self.accessor is not None and self.related_query_name is not None:
            return self.related_query_name % name_parts(self.model)
        return self.accessor and (self.related_name or self.model.__name__.lower())

    def path(self, backwards: bool) -> str:
        """The name by which a query follows it; a hidden one where it has none."""
        return self.name if not backwards else self.query_name or f"{self.model.__name__.lower()}_{self.name}+"

    def connect(self, models: "dict[str, type[Record]]") -> bool:
        """Find or make what it needs among all models by name; False while something is not declared yet."""
        self.to = self.model if self.to == "self" else self._find(self.to, models)
        self.through = self._find(self.through, models)
        if isinstance(self.to, str) or isinstance(self.through, str):
            return False
        self.made = self.through is None
        self.between = self._make() if self.made else self.through
        self.source_key, self.target_key = self._keys()
        return True

    def _find(self, named: Any, models: "dict[str, type[Record]]") -> Any:
        return models.get(named.rpartition(".")[2], named) if isinstance(named, str) else named

    def _make(self) -> type[Record]:
        here, there = self.model.__name__.lower(), self.target.__name__.lower()
        if here == there:
            here, there = f"from_{here}", f"to_{there}"
        table = self.db_table or f"{self.model._meta.db_table}_{self.name}"
        root = [base for base in self.model.__mro__ if isinstance(base, type(self.model))][-1]
        body = {
            "__module__": self.model.__module__,
            "__doc__": f"A connection of {self.label}.",
            here: ForeignKey(self.model, CASCADE, related_name="+", db_constraint=self.db_constraint),
            there: ForeignKey(self.target, CASCADE, related_name="+", db_constraint=self.db_constraint),
            "Meta": type("Meta", (), {"db_table": table, "unique_together": (here, there)}),
        }
        make: Any = type(self.model)
        made: type[Record] = make(f"{self.model.__name__}_{self.name}", (root,), body)
        return made

    def _keys(self) -> tuple[ForeignKey[Any], ForeignKey[Any]]:
        fields = self.between._meta.fields
        keys = [field for field in fields if isinstance(field, ForeignKey)]
        if self.through_fields is not None:
            chosen = [key for name in self.through_fields for key in keys if key.name == name]
        else:
            chosen = [key for key in keys if key.to is self.model][:1]
            chosen += [key for key in keys if key.to is self.target and key not in chosen][:1]
        if len(chosen) != 2:
            raise ModelError(
                f"{self.label}: {self.between.__name__} has no ForeignKey to {self.model.__name__} and one to "
                f"{self.target.__name__}",
                hint="Declare both, or name them: through_fields=(…, …).",
            )
        return chosen[0], chosen[1]

    def steps(self, backwards: bool) -> "tuple[Step, ...]":
        """What a query follows."""
        first, second = (self.target_key, self.source_key) if backwards else (self.source_key, self.target_key)
        return ReverseStep(first, self.path(backwards)), second
