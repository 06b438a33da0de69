"""Migrations: the database follows the models, step by step, by Alembic.

A folder has one file for each step, `versions/…py`, which anybody may read and change. Names are Alembic's; what
`op` can do, migrations can.
"""

import io
import logging
import re
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic import autogenerate, util
from alembic.config import Config
from alembic.operations import ops
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.exc import DBAPIError

from spruce.db import schema
from spruce.db.autodetect import Answers, improve, render_item, spelled
from spruce.db.databases import current
from spruce.db.locktimes import warnings as long_locks
from spruce.db.migrating import check_foreign_keys, with_connection, without_driver
from spruce.db.models import registry
from spruce.db.mysql_sql import HIDDEN, refuse_computed
from spruce.db.signals import post_migrate
from spruce.db.sqlite_indexes import SILENCED, changed_indexes, is_of_expressions
from spruce.db.types import MYSQL
from spruce.errors import MigrationError

__all__ = ["Made", "Migrations", "Step", "table"]

_VERSIONS = "spruce_migrations"
_MAKES = re.compile(r"""(?:create_table\(|rename_table\([^,]+,)\s*["'](\w+)["']""")
_FILE = "%%(year)d_%%(month).2d_%%(day).2d_%%(hour).2d%%(minute).2d_%%(slug)s_%%(rev)s"
_TEMPLATE = '''"""${message}

Revision: ${up_revision}
Follows: ${down_revision | comma,n}
Made: ${create_date}
"""

import sqlalchemy as sa
from alembic import op
${imports if imports else ""}

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = ${repr(branch_labels)}
depends_on = ${repr(depends_on)}


def upgrade():
    ${upgrades if upgrades else "pass"}


def downgrade():
    ${downgrades if downgrades else "pass"}
'''

logging.getLogger("alembic").setLevel(logging.WARNING)


@dataclass(frozen=True, slots=True)
class Made:
    """A migration that was written, and what is to be thought of before it runs on a big table."""

    path: Path
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """One migration: its name, what it says it does, and whether the database has it."""

    revision: str
    message: str
    applied: bool


class Migrations:
    """The migrations of one database, in a folder. Calls block; each opens a connection of its own."""

    def __init__(self, folder: Path, using: str = "default") -> None:
        self.folder = folder
        self.database = current()[using]

    # Writing

    def make(self, message: str, *, answers: Answers | None = None, empty: bool = False) -> Made | None:
        """Write a migration that brings the database to the models, or does nothing yet; None if nothing differs.

        Raises MigrationError if the database lacks migrations, or a question has no answer.
        """
        self._prepare_folder()
        script = self._script()
        self._check_one_head(script)
        told: list[str] = []

        def direct(context: MigrationContext, revision: Any, directives: list[ops.MigrationScript]) -> None:
            made = directives[0]
            assert made.upgrade_ops is not None  # noqa: S101 - it was compared
            if empty:
                return
            self._add_indexes(context, made.upgrade_ops)
            if made.upgrade_ops.is_empty():
                directives.clear()
                return
            told.extend(long_locks(made.upgrade_ops, self.database.dialect))
            improve(made, self.database.dialect, answers or Answers())

        arguments = {"message": message, "autogenerate": not empty, "sql": False, "head": "head", "splice": False}
        arguments |= dict.fromkeys(("branch_label", "version_path", "rev_id", "depends_on"))
        making = autogenerate.RevisionContext(self._config(), script, arguments, process_revision_directives=direct)

        def compare(revision: Any, context: MigrationContext) -> list[Any]:
            if empty:
                making.run_no_autogenerate(revision, context)
            else:
                _check_is_current(script, context)
                making.run_autogenerate(revision, context)
            return []

        self._run(script, compare, dry=True)
        with _explained():
            written = [one for one in making.generate_scripts() if one is not None]
        for one in written:
            _tidy(Path(one.path))
        return Made(Path(written[0].path), tuple(told)) if written else None

    def check(self) -> list[str]:
        """What a new migration would do, and the migrations that the database lacks; empty when all is well."""
        if not self._exists():
            return ["there are no migrations yet: run `spruce db migrate -m first`"]
        script = self._script()
        found: list[str] = []

        def compare(revision: Any, context: MigrationContext) -> list[Any]:
            missing = [step.revision for step in self._steps(script, context) if not step.applied]
            if missing:
                found.extend(f"the database lacks the migration {revision}" for revision in missing)
            else:
                steps = autogenerate.produce_migrations(context, self._metadata()).upgrade_ops
                assert steps is not None  # noqa: S101 - it was compared
                self._add_indexes(context, steps)
                found.extend(map(_describe, steps.as_diffs()))
            return []

        self._run(script, compare, dry=True)
        return found

    # Running

    def upgrade(self, revision: str = "head") -> list[Step]:
        """Run the migrations up to one, as Alembic names it ("head", "+1", an identifier); which were run."""
        steps = self._move(lambda script: lambda now, _: script._upgrade_revs(revision, now), revision)
        if post_migrate.listeners:
            post_migrate.send(None, using=self.database.alias)
        return steps

    def downgrade(self, revision: str) -> list[Step]:
        """Undo migrations down to one ("-1", "base", an identifier), which stays; which were undone."""
        return self._move(lambda script: lambda now, _: script._downgrade_revs(revision, now), revision)

    def stamp(self, revision: str = "head") -> None:
        """Say that the database is at a migration, and run nothing: for tables that db.create_all() has made."""
        script = self._script()
        self._run(script, lambda now, _: script._stamp_revs(revision, now))

    def sql(self, start: str = "base", end: str = "head") -> str:
        """The SQL of the migrations between two, for somebody else to run; the database isn't asked."""
        script = self._script()
        text = io.StringIO()
        with _explained():
            first = "base" if start == "base" else script.as_revision_number(start)
            steps = script._upgrade_revs(end, first if first != "base" else ())  # type: ignore[arg-type]  # a name, or none
            env = EnvironmentContext(self._config(), script, fn=lambda *_: steps, as_sql=True, starting_rev=start)
            with env:
                env.configure(
                    url=without_driver(self.database.url),
                    dialect_name=self.database.dialect.name,
                    output_buffer=text,
                    literal_binds=True,
                    version_table=_VERSIONS,
                )
                with env.begin_transaction():
                    env.run_migrations()
        return text.getvalue()

    def history(self) -> list[Step]:
        """All migrations, the oldest first."""
        if not self._exists():
            return []
        script = self._script()
        found: list[Step] = []

        def look(_: Any, context: MigrationContext) -> list[Any]:
            found.extend(self._steps(script, context))
            return []

        self._run(script, look, dry=True)
        return found

    # Inside

    def _move(self, plan: Callable[[ScriptDirectory], Callable[[Any, Any], Any]], revision: str) -> list[Step]:
        script = self._script()
        done: list[Step] = []

        def note(*, ctx: MigrationContext, step: Any, heads: Any, run_args: Any) -> None:
            doc = step.up_revision.doc or ""
            done.append(Step(step.up_revision_id, doc, step.is_upgrade))

        self._run(script, plan(script), note=note)
        return done

    def _steps(self, script: ScriptDirectory, context: MigrationContext) -> list[Step]:
        heads = context.get_current_heads()
        applied = {one.revision for one in script.iterate_revisions(heads, "base")} if heads else set()
        steps = [Step(one.revision, one.doc or "", one.revision in applied) for one in script.walk_revisions()]
        return steps[::-1]

    def _run(
        self,
        script: ScriptDirectory,
        steps: Callable[[Any, MigrationContext], Any],
        *,
        dry: bool = False,
        note: Callable[..., None] | None = None,
    ) -> None:
        def work(connection: sa.Connection) -> None:
            environment = EnvironmentContext(self._config(), script, fn=steps)
            with environment:
                environment.configure(
                    connection=connection,
                    target_metadata=self._metadata(),
                    render_as_batch=True,
                    compare_type=_types_differ,
                    include_object=self._is_ours,
                    render_item=render_item,
                    version_table=_VERSIONS,
                    on_version_apply=note,
                )
                with environment.begin_transaction():
                    environment.run_migrations()
                    if connection.dialect.name == "sqlite" and not dry:
                        check_foreign_keys(connection)

        with _explained(), warnings.catch_warnings():
            warnings.filterwarnings("ignore", SILENCED)
            with_connection(self.database, work)

    def _metadata(self) -> sa.MetaData:
        self._tables = {table.name for table in schema.tables_of(self.database)}
        self._made = {name for path in self.folder.glob("versions/*.py") for name in _MAKES.findall(path.read_text())}
        return registry.metadata

    def _add_indexes(self, context: MigrationContext, steps: ops.UpgradeOps) -> None:
        """What SQLAlchemy does not see on SQLite."""
        if context.dialect.name == "sqlite":
            assert context.connection is not None  # noqa: S101 - it has compared
            tables = schema.tables_of(self.database)
            gone, new = changed_indexes(context.connection, tables, self._tables | self._made)
            steps.ops = [*gone, *steps.ops, *new]

    def _is_ours(self, item: Any, name: str | None, kind: str, reflected: bool, compare_to: Any) -> bool:
        """Whether a table is the business of these migrations: of a model here, or made by them."""
        here = self.database.dialect.name
        if kind == "index" and not reflected:
            if is_of_expressions(item) and here == "mariadb":
                refuse_computed(item)
                return False
            hidden = here in MYSQL and compare_to is not None and item.unique and "postgresql_where" in item.kwargs
            return not hidden and bool(item.info.get("only", here) == here)
        if kind == "foreign_key_constraint" and here in MYSQL and compare_to is not None:
            waits = item.deferrable or compare_to.deferrable  # which is not kept here
            return not (waits and item.ondelete == compare_to.ondelete)
        if kind == "column" and reflected and compare_to is None and here in MYSQL:
            return not str(name).startswith(HIDDEN)
        if kind != "table":
            return True
        return name in self._made if reflected and compare_to is None else name in self._tables

    def _exists(self) -> bool:
        return (self.folder / "versions").is_dir()

    def _prepare_folder(self) -> None:
        (self.folder / "versions").mkdir(parents=True, exist_ok=True)
        template = self.folder / "script.py.mako"
        if not template.exists():
            template.write_text(_TEMPLATE)

    def _config(self) -> Config:
        config = Config()
        config.set_main_option("script_location", str(self.folder).replace("%", "%%"))
        config.set_main_option("path_separator", "os")
        config.set_main_option("file_template", _FILE)
        return config

    def _script(self) -> ScriptDirectory:
        if not self._exists():
            raise MigrationError(
                f"there are no migrations in {self.folder}", hint="`spruce db migrate -m first` writes the first one."
            )
        with _explained():
            script = ScriptDirectory.from_config(self._config())
            script.messaging_opts = {"quiet": True}
            _ = script.revision_map.heads  # reads all files
        return script

    def _check_one_head(self, script: ScriptDirectory) -> None:
        heads = script.get_heads()
        if len(heads) > 1:
            raise MigrationError(
                f"two migrations follow the same one: {', '.join(sorted(heads))}",
                hint="Two branches were merged. Let one follow the other, by its down_revision, and run it there.",
            )


def table(name: str) -> sa.Table:
    """Inside a migration: a table as it is at that step, whatever its model has become since, to change rows with.

    products = migrations.table("product")
    op.execute(products.update().values(slug=sa.func.lower(products.c.name)))
    """
    from alembic import op  # works only while a migration runs

    return sa.Table(name, sa.MetaData(), autoload_with=op.get_bind())


def _check_is_current(script: ScriptDirectory, context: MigrationContext) -> None:
    now, wanted = set(context.get_current_heads()), set(script.get_heads())
    if now != wanted:
        raise MigrationError(
            f"the database is at {', '.join(sorted(now)) or 'no migration'}, and the newest is {', '.join(wanted)}",
            hint="Run `spruce db upgrade` first; what is new is found by comparing models and database.",
        )


def _tidy(path: Path) -> None:
    """Leave out what Alembic says about itself."""
    lines = [line for line in path.read_text().splitlines() if not line.startswith("    # ### ")]
    path.write_text("\n".join(lines).rstrip() + "\n")


def _types_differ(
    context: MigrationContext, inspected: Any, column: Any, inspected_type: Any, metadata_type: Any
) -> bool:
    dialect = context.dialect
    return spelled(inspected_type, dialect) != spelled(metadata_type, dialect)


def _describe(difference: Any) -> str:
    if isinstance(difference, list):
        return "; ".join(map(_describe, difference))
    kind, *about = difference
    names = [getattr(one, "name", one) for one in about if one is not None and not isinstance(one, dict)]
    return f"{kind.replace('_', ' ')}: {', '.join(map(str, names))}"


@contextmanager
def _explained() -> Iterator[None]:
    """What Alembic and the database say, as MigrationError."""
    try:
        yield
    except util.CommandError as error:
        if "--sql mode" in str(error):
            raise MigrationError(
                "SQLite changes tables by copying them, which depends on what is there: this has no SQL to print",
                hint="Run `spruce db upgrade` on a copy of the database.",
            ) from error
        raise MigrationError(str(error)) from error
    except DBAPIError as error:
        text = str(error.orig).partition("\n")[0].removeprefix("<class ")
        hint = "Nothing was changed: all steps are one transaction."
        if "asyncmy" in type(error.orig).__module__ or "mysql" in type(error.orig).__module__:
            hint = "MariaDB and MySQL commit each step by itself: what stands before it in the migration was done."
        if "already exists" in text:
            hint += " If db.create_all() has made the tables, `spruce db stamp` says that they are there."
        raise MigrationError(f"the database refuses: {text}", hint=hint) from error
