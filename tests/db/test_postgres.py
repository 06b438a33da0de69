"""What only PostgreSQL has, in one place; each part has tests of its own."""

from spruce.db import postgres


def test_the_names_are_djangos() -> None:
    """Those of django.contrib.postgres, and COPY."""
    assert {"ArrayField", "DateRangeField", "SearchVector", "GinIndex", "ExclusionConstraint"} <= set(postgres.__all__)
    assert all(getattr(postgres, name).__doc__ for name in postgres.__all__)
