"""How long to wait before the next attempt."""

import pytest

from spruce.errors import InvalidTask
from spruce.tasks.backoff import check, delay


def test_seconds_double_up_to_an_hour() -> None:
    assert [delay(2, attempt, lambda: 0.0) for attempt in (1, 2, 3, 20)] == [2, 4, 8, 3600]


def test_up_to_a_quarter_is_taken_off_at_random() -> None:
    assert delay(8, 1, lambda: 1.0) == 6
    assert 6 <= delay(8, 1) <= 8


def test_the_last_of_a_list_is_for_all_that_follow() -> None:
    assert [delay([1, 10], attempt, lambda: 0.0) for attempt in (1, 2, 3)] == [1, 10, 10]


def test_what_a_function_says_is_taken_as_it_is() -> None:
    assert delay(lambda attempt: attempt * 100.0, 50) == 5000
    check(lambda attempt: 1.0)


@pytest.mark.parametrize("wrong", [-1, [], [1, -1], ["1"]])
def test_other_things_are_refused(wrong: object) -> None:
    with pytest.raises(InvalidTask) as refused:
        check(wrong)  # type: ignore[arg-type] # the point of the test
    assert str(refused.value) == (
        f"backoff={wrong!r} is no time to wait. Give seconds, which double with each attempt, a list of seconds, or a "
        "function of the attempt."
    )
