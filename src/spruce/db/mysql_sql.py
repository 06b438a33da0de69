"""MariaDB's and MySQL's SQL as SQLAlchemy writes it, with the meaning that queries have on the other databases.

Texts are compared letter by letter, upper and lower case apart: tables are made with a binary collation. Moments are
DATETIME(6) in UTC, long texts and bytes LONGTEXT and LONGBLOB. What these databases lack is written in other words:
FILTER of aggregates as CASE, NULLS FIRST and LAST as another term of the order, LIMIT inside of IN and a subquery on
the table that is changed as a derived table.
"""

import zlib
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.mysql.base import MySQLCompiler, MySQLDDLCompiler, MySQLDialect, MySQLTypeCompiler

from spruce.db.formulas import Formula
from spruce.db.indexes import refuse_equal_nulls
from spruce.errors import ModelError

__all__ = ["COLLATIONS", "HIDDEN", "MariaDB", "MySQL", "refuse_computed"]

COLLATIONS = {"mariadb": "utf8mb4_nopad_bin", "mysql": "utf8mb4_0900_bin"}
"""How texts are compared unless the URL says otherwise: letter by letter, spaces at the end included."""

HIDDEN = "if_"
"""What the name of a column begins with that says in which rows a unique constraint counts."""

_FORMS = {
    "year": "%Y-01-01 00:00:00",
    "month": "%Y-%m-01 00:00:00",
    "day": "%Y-%m-%d 00:00:00",
    "hour": "%Y-%m-%d %H:00:00",
    "minute": "%Y-%m-%d %H:%i:00",
    "second": "%Y-%m-%d %H:%i:%s",
}


class _Compiler(MySQLCompiler):
    def _term(self, element: Any, options: dict[str, Any]) -> str:
        made: str = self.process(element, **options)
        return made

    def visit_funcfilter(self, funcfilter: Any, **options: Any) -> str:
        """FILTER (WHERE …), as a CASE around what the aggregate reads."""
        function, condition = funcfilter.func, funcfilter.criterion
        read = list(function.clauses) or [sa.literal_column("1")]
        argument, distinct = read[0], False
        if isinstance(argument, sa.sql.elements.UnaryExpression) and argument.operator is sa.sql.operators.distinct_op:
            argument, distinct = argument.element, True
        if getattr(argument, "name", "") == "*":
            argument = sa.literal_column("1")
        case: Any = sa.case((condition, argument))
        case = case.distinct() if distinct else case
        return self._term(getattr(sa.func, function.name)(case), options)

    def visit_nulls_first_op_unary_modifier(self, unary: Any, operator: Any, **options: Any) -> str:
        """NULLS FIRST, as one more term before."""
        return f"{self._null(unary, options)} DESC, {self._term(unary.element, options)}"

    def visit_nulls_last_op_unary_modifier(self, unary: Any, operator: Any, **options: Any) -> str:
        """NULLS LAST, as one more term before."""
        return f"{self._null(unary, options)}, {self._term(unary.element, options)}"

    def _null(self, unary: Any, options: dict[str, Any]) -> str:
        inner = unary.element
        return f"{self._term(getattr(inner, 'element', inner).self_group(), options)} IS NULL"

    def visit_date_trunc_func(self, function: Any, **options: Any) -> str:
        """The beginning of a unit of time."""
        unit, moment = function.clauses
        form = _FORMS[str(unit.name).strip("'")]
        return f"CAST(DATE_FORMAT({self._term(moment, options)}, '{form}') AS DATETIME(6))"

    def visit_statement_timestamp_func(self, function: Any, **options: Any) -> str:
        """Now, in UTC."""
        return "UTC_TIMESTAMP(6)"

    def visit_strpos_func(self, function: Any, **options: Any) -> str:
        """Where a text begins in another."""
        whole, part = function.clauses
        return f"LOCATE({self._term(part, options)}, {self._term(whole, options)})"

    def visit_length_func(self, function: Any, **options: Any) -> str:
        """How many characters a text has, not bytes."""
        return f"CHAR_LENGTH({self._term(function.clauses, options)})"

    def visit_trunc_func(self, function: Any, **options: Any) -> str:
        """A number without what stands behind the point."""
        return f"TRUNCATE({self._term(function.clauses, options)}, 0)"

    def visit_in_op_binary(self, binary: Any, operator: Any, **options: Any) -> str:
        """IN, with a slice wrapped."""
        return self._generate_generic_binary(self._wrapped(binary), " IN ", **options)

    def visit_not_in_op_binary(self, binary: Any, operator: Any, **options: Any) -> str:
        """NOT IN, with a slice wrapped."""
        return f"({self._generate_generic_binary(self._wrapped(binary), ' NOT IN ', **options)})"

    def _wrapped(self, binary: Any) -> Any:
        """`x IN (SELECT …)`, the query as a table of its own where it has a LIMIT or stands in a change."""
        select = getattr(binary.right, "element", binary.right)
        if not isinstance(select, sa.Select):
            return binary
        changing = isinstance(self.statement, sa.Update | sa.Delete)
        if not changing and select._limit_clause is None and select._offset_clause is None:
            return binary
        binary = binary._clone()
        table = select.subquery("found")
        binary.right = sa.select(*table.c).scalar_subquery().self_group()
        return binary

    def visit_frame_clause(self, frameclause: Any, **options: Any) -> str:
        """The numbers of rows are part of the SQL."""
        text: str = super().visit_frame_clause(frameclause, **{**options, "literal_binds": True})  # type: ignore[no-untyped-call] # SQLAlchemy's
        return text

    def visit_mod_binary(self, binary: Any, operator: Any, **options: Any) -> str:
        """The sign is not doubled, as parameters are not written with it."""
        return f"{self._term(binary.left, options)} % {self._term(binary.right, options)}"


class _Types(MySQLTypeCompiler):
    def visit_NUMERIC(self, type_: Any, **options: Any) -> str:  # noqa: N802 - SQLAlchemy's name
        """One without a precision would be a whole number here."""
        if type_.precision is None:
            return "DECIMAL(65, 30)"
        return str(super().visit_NUMERIC(type_, **options)).replace("NUMERIC", "DECIMAL")

    def visit_VARCHAR(self, type_: Any, **options: Any) -> str:  # noqa: N802 - SQLAlchemy's name
        """One without a length is a text of any length."""
        return "LONGTEXT" if type_.length is None else str(super().visit_VARCHAR(type_, **options))

    def visit_TEXT(self, type_: Any, **options: Any) -> str:  # noqa: N802 - SQLAlchemy's name
        """Of any length: TEXT ends after 64 KB."""
        return "LONGTEXT" if type_.length is None else str(super().visit_TEXT(type_, **options))

    def visit_BLOB(self, type_: Any, **options: Any) -> str:  # noqa: N802 - SQLAlchemy's name
        """Of any length: BLOB ends after 64 KB."""
        return "LONGBLOB" if type_.length is None else str(super().visit_BLOB(type_, **options))

    def visit_DATETIME(self, type_: Any, **options: Any) -> str:  # noqa: N802 - SQLAlchemy's name
        """With microseconds."""
        return "DATETIME(6)"

    def visit_TIME(self, type_: Any, **options: Any) -> str:  # noqa: N802 - SQLAlchemy's name
        """With microseconds."""
        return "TIME(6)"


class _Tables(MySQLDDLCompiler):
    def define_constraint_deferrability(self, constraint: Any) -> str:
        """Nothing, as no constraint waits here."""
        return ""

    def visit_unique_constraint(self, constraint: sa.UniqueConstraint, **options: Any) -> str:
        """Raises ModelError for what would not hold."""
        refuse_equal_nulls(constraint, self.dialect.name)
        made: str = super().visit_unique_constraint(constraint, **options)
        return made

    def post_create_table(self, table: sa.Table) -> str:
        """The collation of the table's texts."""
        dialect: Any = self.dialect
        given = super().post_create_table(table)
        return given if "COLLATE" in given else f"CHARSET=utf8mb4 COLLATE={dialect.collation} {given}".strip()

    def visit_create_index(self, create: Any, *_: Any, **options: Any) -> str:
        """Without IF NOT EXISTS on MySQL, which does not know it there. Raises ModelError for what would not hold."""
        dialect: Any = self.dialect
        index = create.element
        refuse_equal_nulls(index, dialect.name)
        computed = dialect.is_mariadb and any(isinstance(each, Formula) for each in _bare(index.expressions))
        if computed:
            refuse_computed(index)  # it would make queries faster, and nothing else
            return f"DO 0 /* no index {index.name}: of an expression */"
        where = index.dialect_options["postgresql"].get("where")
        if index.unique and where is not None:
            return self._of_some_rows(index, where, dialect.is_mariadb)
        create.if_not_exists = create.if_not_exists and dialect.is_mariadb
        made: str = super().visit_create_index(create, **options)
        return made

    def _of_some_rows(self, index: Any, where: Any, careful: bool) -> str:
        """A unique index with one more column that nobody sees: NULL, so equal to none, where a row does not count.

        Its name has the condition in it: one that is left behind by an index of that name is the right one, or another.
        """
        quote, unless = self.preparer.quote, "IF NOT EXISTS " if careful else ""
        literal = {"include_table": False, "literal_binds": True}
        columns = [self.sql_compiler.process(each, **literal) for each in index.expressions]
        condition = self.sql_compiler.process(where, **literal)
        counts = quote(f"{HIDDEN}{index.name}"[:55] + f"_{zlib.crc32(condition.encode()):08x}")
        return (
            f"ALTER TABLE {self.preparer.format_table(index.table)} "
            f"ADD COLUMN {unless}{counts} TINYINT GENERATED ALWAYS AS (CASE WHEN {condition} THEN 1 END) VIRTUAL "
            "INVISIBLE, "
            f"ADD UNIQUE INDEX {unless}{quote(index.name)} ({', '.join([*columns, counts])})"
        )


def refuse_computed(index: sa.Index) -> None:
    """Raise ModelError for an index of expressions that would have to be held, and not just make queries faster."""
    if index.unique:
        raise ModelError(
            f"the constraint {index.name!r} cannot be held by MariaDB, which has no unique indexes of expressions",
            hint="Make it of a GeneratedField.",
        )


def _bare(expressions: Any) -> Iterator[Any]:
    return (getattr(each, "element", each) for each in expressions)


class MySQL(MySQLDialect):
    """SQLAlchemy's dialect of MySQL 8, with parameters as `?`."""

    driver = "asyncmy"
    supports_statement_cache = True
    statement_compiler = _Compiler
    ddl_compiler = _Tables
    type_compiler_cls = _Types
    supports_native_uuid = False
    supports_for_update_of = True
    _oldest: tuple[int, ...] = (8, 0, 20)

    def __init__(self, collation: str = "") -> None:
        super().__init__(paramstyle="qmark", is_mariadb=self.name == "mariadb")
        self.collation = collation or COLLATIONS[self.name]
        self.server_version_info = self._oldest
        self._support_float_cast = self._support_default_function = True
        self._requires_alias_for_on_duplicate_key = False


class MariaDB(MySQL):
    """That of MariaDB, which returns what it inserts."""

    name = "mariadb"
    supports_statement_cache = True
    is_mariadb = True
    supports_for_update_of = False
    _oldest = (10, 6, 0)
