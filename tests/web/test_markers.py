"""Markers: what an annotation says of a parameter, and the bounds that it sets."""

from typing import Annotated, Any, Optional

import msgspec
import pytest

from spruce.web.markers import Cookie, Depends, Header, Path, Query, split


def test_an_annotation_is_split_into_type_and_marker() -> None:
    """A class stands for a marker without any words; what isn't a marker stays with the type."""
    assert split(Annotated[str, Header()]) == (str, Header())
    assert split(Annotated[str, Cookie]) == (str, Cookie())
    assert split(Annotated[int, Depends(len)]) == (int, Depends(len))
    assert split(int) == (int, None)
    meta = msgspec.Meta(ge=1)
    assert split(Annotated[int, meta, Path()]) == (Annotated[int, meta], Path())


@pytest.mark.parametrize(
    ("marker", "kind", "good", "bad"),
    [
        (Query(ge=1, le=3), int, 3, 4),
        (Query(gt=1, lt=3), float, 2.5, 3.0),
        (Query(multiple_of=5), int, 10, 11),
        (Query(min_length=2), str, "ab", "a"),
        (Query(max_length=2), list[int], [1, 2], [1, 2, 3]),
        (Query(pattern="^a+$"), str, "aa", "ab"),
        (Query(ge=1), int | None, None, 0),
        (Query(ge=1), Optional[int], 1, 0),  # noqa: UP045 - the old way of writing it
    ],
)
def test_a_marker_bounds_its_type(marker: Query, kind: Any, good: object, bad: object) -> None:
    """Each member of a union of types gets the bounds, but not None."""
    bounded = marker.bound(kind)
    assert msgspec.convert(good, bounded) == good
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(bad, bounded)


def test_a_marker_without_bounds_leaves_the_type_alone() -> None:
    """So that a text isn't looked at twice."""
    assert Header(alias="X-Token", description="What it is", deprecated=True).bound(str) is str
