"""MariaDB's and MySQL's dialects for migrations: SQLAlchemy's own with asyncmy, and the types and tables of ours."""

from typing import Any

from sqlalchemy.dialects.mysql.asyncmy import MySQLDialect_asyncmy
from sqlalchemy.dialects.mysql.mariadb import MariaDBDialect

from spruce.db.mysql_sql import COLLATIONS, MySQL

__all__ = ["mariadb", "mysql"]


class mysql(MySQLDialect_asyncmy):  # noqa: N801 - the name that SQLAlchemy finds it by
    """For MySQL."""

    supports_statement_cache = True
    ddl_compiler = MySQL.ddl_compiler
    type_compiler_cls = MySQL.type_compiler_cls
    supports_native_uuid = False
    collation = COLLATIONS["mysql"]


class mariadb(MariaDBDialect, MySQLDialect_asyncmy):  # noqa: N801 - the same
    """For MariaDB."""

    supports_statement_cache = True
    ddl_compiler = MySQL.ddl_compiler
    type_compiler_cls = MySQL.type_compiler_cls
    supports_native_uuid = False
    collation = COLLATIONS["mariadb"]

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
