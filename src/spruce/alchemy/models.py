"""The base class of an extension's models: names of tables, metadata by bind, `Model.query`."""

import re
from typing import Any, ClassVar, Protocol

import sqlalchemy as sa
from sqlalchemy import orm

from spruce.alchemy.queries import Query

__all__ = ["Model", "camel_to_snake", "declarative_model"]


class Owner(Protocol):
    """The extension that models belong to."""

    Query: type[Query[Any]]
    session: Any

    def metadata_of(self, key: str | None) -> sa.MetaData:
        """The metadata of a bind."""
        ...


class _QueryProperty:
    """`User.query`: a query of the session that belongs to the app context."""

    def __get__(self, instance: Any, owner: Any) -> Any:
        return owner.query_class(owner, session=owner.__extension__.session())


class Model:
    """What `db.Model` has beyond SQLAlchemy's declarative base.

    A class without `__tablename__` is called as its class in snake case, unless it shares the table of the model that
    it inherits from. `__bind_key__` names its database by an alias of DATABASES.
    """

    __extension__: ClassVar[Owner]
    __named__: ClassVar[bool] = True  # whether tables get names of their own
    metadata: ClassVar[sa.MetaData]
    query_class: ClassVar[type[Query[Any]]]
    query: ClassVar[Any] = _QueryProperty()

    def __init_subclass__(cls, **options: Any) -> None:
        """Name the table before SQLAlchemy makes it, and choose the metadata of its database."""
        key = cls.__dict__.get("__bind_key__")
        if key is not None and "metadata" not in cls.__dict__ and "__table__" not in cls.__dict__:
            cls.metadata = cls.__extension__.metadata_of(key)
        if cls.__named__ and hasattr(cls, "__extension__") and _needs_name(cls):
            cls.__tablename__ = camel_to_snake(cls.__name__)  # type: ignore[attr-defined] # it may be there
        super().__init_subclass__(**options)

    def __repr__(self) -> str:
        state: Any = sa.inspect(self)
        if state.transient:
            shown = f"(transient {id(self)})"
        elif state.pending:
            shown = f"(pending {id(self)})"
        else:
            shown = ", ".join(map(str, state.identity))
        return f"<{type(self).__name__} {shown}>"


def _needs_name(model: Any) -> bool:
    """Whether a model has neither a name for its table nor a base that gives it one."""
    declarative = any("registry" in vars(base) for base in model.__mro__[1:])
    if not declarative or model.__dict__.get("__abstract__") or "__table__" in model.__dict__:
        return False
    for base in model.__mro__:
        if "__mapper__" in vars(base):
            return _has_key(model)  # else it shares the table of the model that it inherits from
        if "__tablename__" in vars(base):
            return False
    return True


def _has_key(model: Any) -> bool:
    """Whether a model, or a mixin of it, has a primary key of its own."""
    own = [vars(base) for base in model.__mro__ if "__mapper__" not in vars(base) and not hasattr(base, "__mapper__")]
    columns = [getattr(each, "column", each) for names in (vars(model), *own) for each in names.values()]
    return any(isinstance(column, sa.Column) and column.primary_key for column in columns)


def camel_to_snake(name: str) -> str:
    """`HTTPRequest` to `http_request`."""
    return re.sub(r"((?<=[a-z0-9])[A-Z]|(?!^)[A-Z](?=[a-z]))", r"_\1", name).lower().lstrip("_")


def declarative_model(extension: Owner, given: type[Any], metadata: sa.MetaData, *, named: bool) -> Any:
    """The base class of an extension's models, on top of the class that it was given.

    That is a plain class, a `DeclarativeBase` (with MappedAsDataclass, if need be), or a base that is finished.
    """
    if isinstance(given, orm.DeclarativeMeta):
        given.__extension__, given.query_class = extension, extension.Query
        return given
    body: dict[str, Any] = {
        "__extension__": extension,
        "__named__": named,
        "query_class": extension.Query,
        "metadata": metadata,
        "__module__": __name__,
    }
    make: Any = type(given)
    modern = [base for base in given.__mro__ if base in (orm.DeclarativeBase, orm.DeclarativeBaseNoMeta)]
    if not modern:
        bases = (given,) if issubclass(given, Model) else (Model, given)
        return orm.declarative_base(cls=type("Model", bases, body), name="Model", metadata=metadata)
    if "metadata" in vars(given):
        body["metadata"] = vars(given)["metadata"]
    return make("Model", (Model, given), {**body, "__abstract__": True})
