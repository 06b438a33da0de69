"""What every part of the package knows of a model, without knowing the class `Model`, which is made of those parts."""

from typing import TYPE_CHECKING, Any, ClassVar

from spruce.errors import MultipleObjectsReturned, ObjectDoesNotExist

if TYPE_CHECKING:
    import sqlalchemy as sa

__all__ = ["Record", "State", "app_label_of", "name_parts", "unproxied"]


def unproxied(value: Any) -> Any:
    """What a proxy such as `current_user` stands for now; any other value as it is."""
    return value._get_current_object() if hasattr(type(value), "_get_current_object") else value


class State:
    """Where an object is saved, as `object._state` tells it: whether it is new (`adding`), and the database's alias."""

    __slots__ = ("_instance",)

    def __init__(self, instance: "Record") -> None:
        self._instance = instance

    @property
    def adding(self) -> bool:
        """Whether it was neither loaded nor saved."""
        return self._instance._db is None

    @property
    def db(self) -> str | None:
        """The alias of the database that it came from or was saved to."""
        return self._instance._db

    @db.setter
    def db(self, alias: str | None) -> None:
        self._instance._db = alias


class Record:
    """An object that is a row; the base of `Model`, which is what programs use."""

    _meta: ClassVar[Any]  # the model's Options
    _base: ClassVar[Any]  # the manager of all rows, whatever the managers of the model leave out
    _default: ClassVar[Any]  # the first manager
    DoesNotExist: ClassVar[type[ObjectDoesNotExist]]
    MultipleObjectsReturned: ClassVar[type[MultipleObjectsReturned]]
    _db: str | None = None  # the alias of the database that the object came from or was saved to
    _batch: Any = None  # what it shares with the others of its result
    _partial = False  # whether fields were left out when it was loaded

    @property
    def _state(self) -> State:
        """Where it is saved."""
        return State(self)

    if TYPE_CHECKING:
        __table__: ClassVar[sa.Table]
        pk: Any

        def save(self, *_: Any, **options: Any) -> None:
            """Write the row."""

        def clean(self) -> None:
            """What `full_clean()` calls."""


def app_label_of(model: type[Record]) -> str:
    """`Meta.app_label`, else the name of the package around `models`, or of the module."""
    given: str | None = model._meta.app_label
    parts = model.__module__.split(".")
    return given or (parts[parts.index("models") - 1] if "models" in parts[1:] else parts[-1])


def name_parts(model: type[Record]) -> dict[str, str]:
    """What names of relations may hold: `%(class)s`, `%(model_name)s` and `%(app_label)s`."""
    name = model.__name__.lower()
    return {"class": name, "model_name": name, "app_label": app_label_of(model)}
