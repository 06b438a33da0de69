"""Merging what two requests changed at one time."""

from typing import Any

import pytest

from spruce.middleware.merging import merge


@pytest.mark.parametrize(
    ("base", "ours", "theirs", "merged"),
    [
        ({}, {"a": 1}, {"b": 2}, {"b": 2, "a": 1}),
        ({"a": 1}, {}, {"a": 1, "b": 2}, {"b": 2}),
        ({"a": 1}, {"a": 2}, {}, {"a": 2}),
        ({"a": 1}, {"a": 1}, {"a": 3}, {"a": 3}),
        ({"a": 1}, {"a": 3}, {"a": 3}, {"a": 3}),
        ({"f": [1]}, {}, {"f": [1, 2]}, {"f": [2]}),
        ({"f": [1]}, {"f": [1, 2]}, {"f": [1, 3]}, {"f": [1, 3, 2]}),
        ({"f": [1]}, {"f": [1, 2]}, {}, {"f": [1, 2]}),
        ({"f": [1, 2]}, {"f": [2]}, {"f": [1, 2, 3]}, {"f": [2]}),
    ],
)
def test_merging(base: dict[str, Any], ours: dict[str, Any], theirs: dict[str, Any], merged: dict[str, Any]) -> None:
    """What ours changed since base goes into theirs; additions to a list are added, also when it was taken."""
    assert merge(base, ours, theirs) == merged
