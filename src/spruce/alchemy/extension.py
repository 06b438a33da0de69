"""`db = SQLAlchemy(app)`: models and a session for each app context, with the names of Flask-SQLAlchemy.

An app that was written for it changes its import: `from spruce.alchemy import SQLAlchemy`. Its settings are taken over:
SQLALCHEMY_DATABASE_URI and SQLALCHEMY_BINDS become DATABASES, where a bind's key is an alias.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import exc, orm

from spruce.alchemy.engines import engine
from spruce.alchemy.models import Model, declarative_model
from spruce.alchemy.pagination import Pagination, SelectPagination
from spruce.alchemy.queries import Query
from spruce.alchemy.recording import record
from spruce.db import databases
from spruce.errors import ConfigError, abort
from spruce.web import App, current_app
from spruce.web.context import current_context

__all__ = ["SQLAlchemy"]

_DEFAULT, _ALL = "default", "__all__"
_POOL = ("pool_size", "pool_timeout", "pool_recycle")
_RESOURCE = "spruce.alchemy.extension"


class _Session(orm.Session):
    """A session that sends each statement to the database of its model or table."""

    def get_bind(self, mapper: Any = None, *, clause: Any = None, bind: Any = None, **options: Any) -> Any:
        """The engine of a model, a table or a statement; the default one where they say nothing."""
        if bind is not None:
            return bind
        table = None if mapper is None else sa.inspect(mapper).local_table
        if table is None and clause is not None:
            table = clause if isinstance(clause, sa.Table) else getattr(clause, "table", None)
        while isinstance(table, sa.Join):
            table = table.left
        key = getattr(table, "metadata", sa.MetaData()).info.get("bind_key") if table is not None else None
        return engine(key or _DEFAULT)


class SQLAlchemy:
    """Models, sessions and engines of an app; also all names of `sqlalchemy` and `sqlalchemy.orm`.

    `model_class` may be a `DeclarativeBase` of the program's own; `session_options` are those of SQLAlchemy's Session.
    `engine_options` may have `echo`; what they say of pools is said in the URLs of DATABASES instead.
    """

    def __init__(
        self,
        app: App | None = None,
        *,
        metadata: sa.MetaData | None = None,
        session_options: Mapping[str, Any] | None = None,
        query_class: type[Query[Any]] = Query,
        model_class: type[Any] = Model,
        engine_options: Mapping[str, Any] | None = None,
        add_models_to_shell: bool = True,
        disable_autonaming: bool = False,
    ) -> None:
        self.Query = query_class
        self.metadatas: dict[str | None, sa.MetaData] = {None: metadata or sa.MetaData()}
        self._engine_options = dict(engine_options or {})
        options = {"class_": _Session, "query_cls": query_class, **(session_options or {})}
        self.session = orm.scoped_session(orm.sessionmaker(**options), scopefunc=_scope)
        self.Model = declarative_model(self, model_class, self.metadatas[None], named=not disable_autonaming)
        self.metadatas[None] = self.Model.metadata
        if app is not None:
            self.init_app(app)

    def __repr__(self) -> str:
        return f"<SQLAlchemy with {len(self.Model.registry.mappers)} models>"

    def init_app(self, app: App) -> None:
        """Let an app use it: take its settings over, and end its sessions with its contexts."""
        if app.config.resources.setdefault(_RESOURCE, self) is not self:
            raise RuntimeError("the app has a SQLAlchemy extension already: import that one, and call init_app() once")
        _take_settings(app)
        app.teardown_appcontext(self._remove)

    def _remove(self, error: BaseException | None) -> None:
        self.session.remove()

    # ---- databases --------------------------------------------------------------------------------------------------

    @property
    def metadata(self) -> sa.MetaData:
        """The metadata of the default database."""
        return self.metadatas[None]

    def metadata_of(self, key: str | None) -> sa.MetaData:
        """The metadata of a bind, made when it is first asked for."""
        if key not in self.metadatas:
            naming = self.metadata.naming_convention
            self.metadatas[key] = sa.MetaData(naming_convention=naming, info={"bind_key": key})
        return self.metadatas[key]

    @property
    def engines(self) -> dict[str | None, sa.Engine]:
        """The engines of the app that works here, by the key of the bind; None is the default's."""
        keys = databases.current().urls
        return {None if key == _DEFAULT else key: self.get_engine(key) for key in keys}

    @property
    def engine(self) -> sa.Engine:
        """The default engine of the app that works here."""
        return self.get_engine()

    def get_engine(self, bind_key: str | None = None) -> sa.Engine:
        """The engine of a bind."""
        settings = current_app.config
        echo = settings.get("SQLALCHEMY_ECHO", False)
        found = engine(bind_key or _DEFAULT, **{"echo": echo, **self._engine_options})
        if settings.get("SQLALCHEMY_RECORD_QUERIES", settings["DEBUG"] or settings["TESTING"]):
            record(found)
        return found

    def create_all(self, bind_key: str | list[str | None] | None = _ALL) -> None:
        """Make the tables of all models, or of those with one of these bind keys."""
        self._each(bind_key, "create_all")

    def drop_all(self, bind_key: str | list[str | None] | None = _ALL) -> None:
        """Drop the tables."""
        self._each(bind_key, "drop_all")

    def reflect(self, bind_key: str | list[str | None] | None = _ALL) -> None:
        """Read the tables that the databases have."""
        self._each(bind_key, "reflect")

    def _each(self, wanted: str | list[str | None] | None, method: str) -> None:
        keys = list(self.metadatas) if wanted == _ALL else wanted if isinstance(wanted, list) else [wanted]
        for key in keys:
            getattr(self.metadata_of(key), method)(bind=self.get_engine(key))

    def Table(self, name: str, *parts: Any, bind_key: str | None = None, **options: Any) -> sa.Table:  # noqa: N802 - SQLAlchemy's
        """A table of the default database, or of a bind's."""
        if parts and isinstance(parts[0], sa.MetaData):
            return sa.Table(name, *parts, **options)
        return sa.Table(name, options.pop("metadata", None) or self.metadata_of(bind_key), *parts, **options)

    # ---- objects ----------------------------------------------------------------------------------------------------

    def get_or_404(self, entity: type[Any], ident: Any, *, description: str | None = None, **options: Any) -> Any:
        """The object with this key, or the end of the view with 404."""
        found = self.session.get(entity, ident, **options)
        if found is None:
            abort(404, description)
        return found

    def first_or_404(self, statement: "sa.Select[Any]", *, description: str | None = None) -> Any:
        """The first of what a statement finds, or 404."""
        found = self.session.execute(statement).scalar()
        if found is None:
            abort(404, description)
        return found

    def one_or_404(self, statement: "sa.Select[Any]", *, description: str | None = None) -> Any:
        """The one that a statement finds; 404 if there is none, or more."""
        try:
            return self.session.execute(statement).scalar_one()
        except (exc.NoResultFound, exc.MultipleResultsFound):
            abort(404, description)

    def paginate(self, select: "sa.Select[Any]", **options: Any) -> Pagination:
        """A page of what a statement finds; see `Pagination` for the options."""
        return SelectPagination(select=select, session=self.session(), **options)

    def relationship(self, *args: Any, **options: Any) -> Any:
        """SQLAlchemy's, whose dynamic ones give a Query of ours."""
        return orm.relationship(*args, **self._with_query(options))

    def dynamic_loader(self, argument: Any, **options: Any) -> Any:
        """SQLAlchemy's, likewise."""
        return orm.dynamic_loader(argument, **self._with_query(options))

    def _with_query(self, options: dict[str, Any]) -> dict[str, Any]:
        options.setdefault("query_class", self.Query)
        if "backref" in options:
            name, more = options["backref"] if isinstance(options["backref"], tuple) else (options["backref"], {})
            options["backref"] = (name, {"query_class": self.Query, **more})
        return options

    def __getattr__(self, name: str) -> Any:
        if name == "event":
            return sa.event
        for module in (sa, orm):
            if not name.startswith("_") and hasattr(module, name):
                return getattr(module, name)
        raise AttributeError(f"SQLAlchemy has no {name!r}, and neither have sqlalchemy and sqlalchemy.orm")


def _scope() -> int:
    return id(current_context("db.session"))


def _take_settings(app: App) -> None:
    """DATABASES of what Flask-SQLAlchemy's settings say."""
    settings = app.config
    found = dict(settings.get("SQLALCHEMY_BINDS") or {})
    uri = settings.get("SQLALCHEMY_DATABASE_URI")
    if uri is not None:
        found[None] = uri
    options = dict(settings.get("SQLALCHEMY_ENGINE_OPTIONS") or {})
    wrong = set(options) - {*_POOL, "echo", "pool_pre_ping"}
    if wrong:
        raise ConfigError(
            f"SQLALCHEMY_ENGINE_OPTIONS has {min(wrong)!r}, and connections are made by spruce.db",
            hint="Say it in the URL; echo, pool_size, pool_timeout and pool_recycle are understood here.",
        )
    if found:
        urls = {key or _DEFAULT: _url(value, app, options) for key, value in found.items()}
        settings["DATABASES"] = {**settings["DATABASES"], **urls}
    if "echo" in options:
        settings["SQLALCHEMY_ECHO"] = options["echo"]


def _url(given: Any, app: App, options: Mapping[str, Any]) -> str:
    """A URL as DATABASES has it: a file of SQLite is in the instance folder, a pool's limits are in the URL."""
    url = sa.make_url(given["url"] if isinstance(given, Mapping) else given)
    if url.get_backend_name() == "sqlite":
        if url.database and url.database != ":memory:" and not Path(url.database).is_absolute():
            folder = Path(app.config["INSTANCE_PATH"] or "instance").absolute()
            folder.mkdir(parents=True, exist_ok=True)
            url = url.set(database=str(folder / url.database))
        return url.set(drivername="sqlite").render_as_string(hide_password=False)
    limits = _limits(options)
    return url.set(drivername=url.get_backend_name()).update_query_dict(limits).render_as_string(hide_password=False)


def _limits(options: Mapping[str, Any]) -> dict[str, str]:
    names: Iterable[str] = (name for name in _POOL if name in options)
    return {name: str(options[name]) for name in names}
