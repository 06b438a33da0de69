"""What is kept when more happens than anybody can look at."""

from spruce.apm.budget import Budget


def test_all_pass_as_long_as_they_are_few() -> None:
    budget = Budget(2)
    assert [budget.weight("a", now) for now in range(100)] == [1] * 100


def test_of_too_many_some_pass_and_stand_for_the_others_of_their_kind() -> None:
    budget = Budget(1)
    assert sum(budget.weight("a", 100.0) for _ in range(50)) == 10
    assert [budget.weight("b", 100.0) for _ in range(3)] == [0, 0, 0]
    assert budget.weight("a", 101.0) == 41
    assert budget.weight("b", 102.0) == 4
    assert budget.weight("a", 103.0) == 1


def test_no_number_is_lost() -> None:
    """Whatever comes when, as long as something of the same kind passes afterwards."""
    budget = Budget(3)
    counted = sum(budget.weight(number % 4, number / 100) for number in range(2000))
    counted += sum(budget.weight(key, 1000.0) for key in range(4))
    assert counted == 2004


def test_the_clock_may_stand_still_or_go_back() -> None:
    budget = Budget(1)
    assert [budget.weight("a", now) for now in (5.0, 5.0, 4.0)] == [1, 1, 1]
