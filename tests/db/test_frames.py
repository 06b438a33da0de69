"""The frames of windows."""

import pytest

from spruce import db
from spruce.errors import FieldError


@pytest.mark.parametrize(
    ("start", "end", "message"),
    [
        ("a", None, "RowRange('a', None) takes whole numbers or None"),
        (2, 1, "RowRange(2, 1) begins behind its end"),
    ],
)
def test_what_is_no_frame(start: object, end: object, message: str) -> None:
    """Is refused where it is written."""
    with pytest.raises(FieldError) as refused:
        db.RowRange(start, end)  # type: ignore[arg-type] # the point of the test
    assert str(refused.value) == message


def test_frames_have_keys() -> None:
    """By which queries are the same."""
    assert (db.RowRange(-1, 0).key, db.ValueRange().key) == (("rows", -1, 0), ("range_", None, None))
