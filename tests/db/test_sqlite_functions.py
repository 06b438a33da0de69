"""What SQLite lacks."""

import pytest

from spruce.db.sqlite_functions import SPREADS, json_contains, scale


@pytest.mark.parametrize(
    ("units", "sign", "factor", "result"),
    [
        (1990, "*", "0.5", 995),
        (5, "*", "0.5", 3),
        (-5, "*", "0.5", -3),
        (1000, "/", "3", 333),
        (10, "/", "0", None),
        (None, "*", "2", None),
        (1, "*", None, None),
    ],
)
def test_scaling_rounds_halves_away_from_zero(units: int | None, sign: str, factor: str | None, result: object) -> None:
    """And knows nothing of nothing, nor of a division by zero."""
    assert scale(units, sign, factor) == result


def test_spread_of_no_rows() -> None:
    """None; a sample has two at least."""
    empty = SPREADS["var_pop"]()
    empty.step(None)
    single = SPREADS["stddev_samp"]()
    single.step(3)
    assert (empty.finalize(), single.finalize()) == (None, None)


@pytest.mark.parametrize(
    ("document", "keys", "other", "contained"),
    [
        ('{"a": {"b": [1, 2]}}', "[]", '{"a": {"b": [2]}}', True),
        ('{"a": {"b": [1, 2]}}', '["a", "b"]', "[1, 1]", True),
        ('{"a": {"b": [1, 2]}}', '["a"]', "[1]", False),
        ("[1, [2, 3]]", "[]", "[[3]]", True),
        ("[1, [2, 3]]", "[]", "[3]", False),
        ("[1, 2]", "[]", "1", True),
        ("[[1]]", "[]", "1", False),
        ("1", "[]", "true", False),
        ('{"a": 1}', '["b"]', "1", None),
        ('{"a": 1}', '["a", "b"]', "1", None),
        (None, "[]", "1", None),
    ],
)
def test_containment_is_that_of_postgresql(document: str | None, keys: str, other: str, contained: object) -> None:
    """A list contains a single value, but only at the top."""
    assert json_contains(document, keys, other, 0) is contained
    if document is not None and keys == "[]":
        assert json_contains(other, keys, document, 1) is contained
