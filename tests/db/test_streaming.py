"""Results that are read a chunk at a time."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from spruce import db

BACKENDS = ["memory", "file", "postgresql", "psycopg", "mariadb"]


@pytest.fixture
def makers(backend: str, shop: SimpleNamespace, tmp_path: Path) -> type[db.Model]:
    """A model with a hundred rows."""
    if backend == "file":
        db.configure(DATABASES=f"sqlite:///{tmp_path}/a.db")
        db.create_all(models=[shop.Maker])
    shop.Maker.objects.bulk_create([shop.Maker(name=f"{number:02}") for number in range(100)])
    return shop.Maker


def test_rows_come_in_chunks(makers: type[db.Model], queries: list[str]) -> None:
    """By one statement; other queries and changes may run meanwhile."""
    seen = []
    for maker in makers.objects.iterator(chunk_size=30):
        seen.append(maker.name)
        if len(seen) == 50:
            makers.objects.filter(name="00").update(country="XX")
            assert makers.objects.filter(country="XX").count() == 1
    assert seen == [f"{number:02}" for number in range(100)]
    assert len([sql for sql in queries if sql.startswith("SELECT t_maker")]) == 1


def test_what_is_left_half_way_is_closed(makers: type[db.Model]) -> None:
    """And its connection with it."""
    rows = makers.objects.iterator(chunk_size=10)
    assert next(rows).name == "00"
    rows.close()
    with db.atomic():
        assert len(list(makers.objects.values_list("name", flat=True).iterator(chunk_size=7))) == 100
    assert makers.objects.count() == 100
