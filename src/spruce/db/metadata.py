"""SQLAlchemy's metadata of all models: the one collection of their tables."""

import sqlalchemy as sa

__all__ = ["metadata"]

_NAMES = {
    "ix": "ix_%(column_0_label)s",
    "uq": "%(table_name)s_%(column_0_N_name)s_key",
    "fk": "%(table_name)s_%(column_0_N_name)s_fkey",
}
"""What PostgreSQL would call constraints by itself; SQLite's need a name, too, for migrations to find them."""

metadata = sa.MetaData(naming_convention=_NAMES)
"""The tables of all models that have been declared."""
