"""Indexes of PostgreSQL's kinds; what an ExclusionConstraint holds is tested in test_ranges.py."""

from types import SimpleNamespace

import pytest

from spruce import db
from spruce.db import postgres
from spruce.errors import ModelError

BACKENDS = ["postgresql"]


class Thing(db.Model):
    name = db.CharField(max_length=20)
    data = db.JSONField(default=dict)
    made = db.DateTimeField(null=True)

    class Meta:
        db_table = "t_pg_thing"
        indexes = (
            postgres.GinIndex(fields=["data"], name="thing_data", opclasses=["jsonb_path_ops"], fastupdate=False),
            postgres.BrinIndex(fields=["made"], name="thing_made", pages_per_range=4),
            postgres.HashIndex(fields=["name"], name="thing_name", condition=db.Q(name__gt="")),
            db.Index(fields=["name"], name="thing_plain"),
        )


PRIVATE = [db.registry.models.pop(Thing._meta.db_table)]  # only a PostgreSQL can have its table


def test_they_are_of_their_kinds(shop: SimpleNamespace) -> None:
    """With operator classes, storage options and conditions; JSON is jsonb."""
    sql = "SELECT indexdef FROM pg_indexes WHERE tablename = 't_pg_thing' ORDER BY indexname"
    assert [row[0].partition("USING ")[2] for row in db.execute(sql)] == [
        "btree (id)",
        "gin (data jsonb_path_ops) WITH (fastupdate='false')",
        "brin (made) WITH (pages_per_range='4')",
        "hash (name) WHERE ((name)::text > ''::text)",
        "btree (name)",
    ]
    kind = "SELECT data_type FROM information_schema.columns WHERE table_name = 't_pg_thing' AND column_name = 'data'"
    assert db.execute(kind).scalar() == "jsonb"
    Thing.objects.create(name="a", data={"tags": ["x"]})
    assert Thing.objects.filter(data__contains={"tags": ["x"]}).count() == 1


@pytest.mark.sqlite
def test_other_databases_go_without(shop: SimpleNamespace) -> None:
    """As they only make queries faster."""
    sql = "SELECT name FROM sqlite_master WHERE tbl_name = 't_pg_thing' AND type = 'index'"
    assert [row[0] for row in db.execute(sql)] == ["thing_plain"]


def test_what_cannot_be_declared() -> None:
    """Is refused at once."""
    with pytest.raises(ModelError, match="opclasses of the index 'two' are as many as its fields or expressions"):
        postgres.GinIndex(fields=["a"], name="two", opclasses=["a", "b"])
    with pytest.raises(ModelError, match="the ExclusionConstraint 'none' has no expressions"):
        postgres.ExclusionConstraint(name="none", expressions=[])
