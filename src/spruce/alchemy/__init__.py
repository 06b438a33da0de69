"""SQLAlchemy's own ORM on the databases of an app, in green threads; with what Flask-SQLAlchemy adds.

`alchemy.engine()` for plain SQLAlchemy, `db = alchemy.SQLAlchemy(app)` for models and a session in each request.
"""

from spruce.alchemy.engines import engine
from spruce.alchemy.extension import SQLAlchemy
from spruce.alchemy.models import Model
from spruce.alchemy.pagination import Pagination, QueryPagination, SelectPagination
from spruce.alchemy.queries import Query
from spruce.alchemy.recording import RecordedQuery, get_recorded_queries

__all__ = [
    "Model",
    "Pagination",
    "Query",
    "QueryPagination",
    "RecordedQuery",
    "SQLAlchemy",
    "SelectPagination",
    "engine",
    "get_recorded_queries",
]
