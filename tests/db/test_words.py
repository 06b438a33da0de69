"""Texts that are part of the SQL."""

from types import SimpleNamespace

import pytest

from spruce import db
from spruce.db.words import quoted
from spruce.errors import IntegrityError

NAUGHTY = [
    "it's",
    "\\",
    "\\' OR 1=1 -- ",
    "a\\'b",
    "' || (SELECT 1) || '",
    "%s %(x)s %%",
    ":x ? $1 {0}",
    '"; --',
    "熊\n猫",
]


def test_a_backslash_is_special_on_mariadb_only() -> None:
    """A quote never is more than a quote."""
    assert quoted("a\\'b", "sqlite") == quoted("a\\'b", "postgresql") == "'a\\''b'"
    assert quoted("a\\'b", "mariadb") == quoted("a\\'b", "mysql") == "'a\\\\''b'"


@pytest.mark.parametrize("text", NAUGHTY)
def test_names_in_json_stay_names(stocked: SimpleNamespace, text: str) -> None:
    """Whatever somebody calls them: in objects that are made, and as keys."""
    found = stocked.Product.objects.annotate(made=db.JSONObject(**{text: "stock"})).filter(name="car")
    assert found.values_list("made", flat=True).get() == {text: 0}


class Path(db.Model):
    text = db.CharField(max_length=40, db_default="C:\\it's\\")

    class Meta:
        db_table = "t_words_path"
        constraints = (db.CheckConstraint(condition=~db.Q(text="\\'"), name="no_path"),)


@pytest.mark.parametrize("backend", ["sqlite", "postgresql", "mariadb"], indirect=True)
def test_texts_in_definitions_of_tables_are_what_they_say(backend: str) -> None:
    """Defaults and conditions."""
    db.create_all(models=[Path])
    made = Path.objects.create()
    made.refresh_from_db()
    assert made.text == "C:\\it's\\"
    with pytest.raises(IntegrityError, match="no_path"):
        Path.objects.create(text="\\'")
