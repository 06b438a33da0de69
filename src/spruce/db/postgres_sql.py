"""PostgreSQL's SQL as SQLAlchemy writes it for asyncpg, with parameters of types that lose nothing.

A parameter is written with its type (`$1::NUMERIC`), which asyncpg goes by. The column's own type would round a decimal
that is only compared, and refuse a whole number that is too large for the column instead of finding that no row has it.
"""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql.asyncpg import PGCompiler_asyncpg, PGDialect_asyncpg
from sqlalchemy.types import TypeEngine

__all__ = ["OPTIONS", "Dialect"]

OPTIONS = ("host", "port", "user", "password", "dbname", "database", "passfile", "service", "sslmode",
    "sslcert", "sslkey", "sslrootcert", "sslcrl", "sslpassword", "sslnegotiation", "target_session_attrs",
    "application_name", "statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout", "search_path",
    "timezone", "krbsrvname", "gsslib", "direct_tls", "options", "ssl_min_protocol_version", "ssl_max_protocol_version",
)  # fmt: skip
"""What may stand in the URL behind the question mark, beside the settings of the server."""


class _Compiler(PGCompiler_asyncpg):
    def render_bind_cast(self, type_: TypeEngine[Any], dbapi_type: TypeEngine[Any], sqltext: str) -> str:
        """The type of a parameter, without the limits of its column."""
        if isinstance(dbapi_type, sa.Numeric) and not isinstance(dbapi_type, sa.Float):
            return f"{sqltext}::NUMERIC"
        if isinstance(dbapi_type, sa.Integer):
            return f"{sqltext}::BIGINT"
        text: str = super().render_bind_cast(type_, dbapi_type, sqltext)  # type: ignore[no-untyped-call] # SQLAlchemy's
        return text


class Dialect(PGDialect_asyncpg):
    """SQLAlchemy's dialect of asyncpg."""

    supports_statement_cache = True
    statement_compiler = _Compiler
