"""What SQLite lacks."""

import pytest

from spruce.db.sqlite_functions import SPREADS, scale


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
