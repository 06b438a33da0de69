"""Functions of one argument as transforms: their SQL and their fields; see also test_ownlookups.py."""

import pytest
import sqlalchemy as sa

from spruce import db
from spruce.db.mysql_sql import MariaDB
from spruce.db.sqlite_sql import Dialect
from spruce.db.taken import Taken, field_taken
from spruce.db.types import ExactDecimal


def test_it_is_in_the_words_of_the_database() -> None:
    """Though it is made before one is known."""
    made = Taken("sha256", (), sa.column("a", sa.String()), real=False)
    assert str(made.compile(dialect=Dialect())) == "(spruce_sha(a, 256))"
    assert str(made.compile(dialect=MariaDB())) == "(sha2(a, 256))"
    amount = Taken("ceil", (), sa.column("a", ExactDecimal(8, 2)), real=True)
    assert str(amount.compile(dialect=Dialect())) == "(CAST(ceil(a / 100.0) AS DOUBLE))"


@pytest.mark.parametrize(
    ("function", "kind"),
    [
        (db.Length("x"), db.BigIntegerField),
        (db.Abs("x"), db.DecimalField),
        (db.ExtractYear("x"), db.IntegerField),
        (db.Length("x", output_field=db.FloatField()), db.FloatField),
    ],
)
def test_it_gives_what_the_function_gives(function: db.Func, kind: type[db.Field[object]]) -> None:
    """Or what it was told to give."""
    assert type(field_taken(function.key, db.DecimalField(max_digits=5, decimal_places=1))) is kind
