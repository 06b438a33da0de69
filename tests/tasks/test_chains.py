"""Jobs that follow others."""

from collections.abc import Callable
from typing import Any

import pytest
from tests.tasks import jobs

from spruce import config
from spruce.errors import InvalidTask
from spruce.tasks import chain, get_result, group, task
from spruce.tasks.engine import Engine
from spruce.tasks.store import Store


@task
def total(values: list[int], more: int = 0) -> int:
    return sum(values) + more


@pytest.mark.usefixtures("store")
def test_each_is_given_what_the_one_before_returned(engine: Callable[..., Engine]) -> None:
    result = chain(jobs.add.s(1, 2), jobs.add.s(10), jobs.once.si("alone"), jobs.later.s()).enqueue()
    engine()
    assert result.wait(30) == "ALONE"
    assert jobs.done == [(1, 2), (3, 10)]
    assert result.args == []


@pytest.mark.usefixtures("store")
def test_what_follows_a_group_is_given_all_values(engine: Callable[..., Engine]) -> None:
    engine()
    numbers = group(jobs.add.s(number) for number in range(5))
    assert chain(numbers, total.s(more=100)).enqueue().wait(30) == 115
    fanned = chain(jobs.add.s(1), group(jobs.add.s(10), jobs.add.s(20)), total.s()).enqueue()
    assert fanned.wait(30) == 34
    assert [result.wait(30) for result in group(jobs.add.s(1), jobs.add.s(2)).enqueue()] == [2, 3]


@pytest.mark.usefixtures("sqlite")
def test_what_follows_a_failure_is_cancelled(engine: Callable[..., Engine]) -> None:
    last = chain(jobs.failing.s("word"), jobs.once.s(), jobs.once.s()).enqueue()
    engine()
    with pytest.raises(ValueError, match=r"^Task was cancelled$"):
        last.wait(30)
    assert "which this one follows, is cancelled" in last.errors[0].traceback


def test_all_are_entered_or_none(sqlite: Store) -> None:
    with pytest.raises(InvalidTask, match=r"^tests\.tasks\.jobs\.add: b= is object"):
        chain(jobs.add.s(1), jobs.add.s(b=object())).enqueue()
    assert sqlite.counts() == []


def test_inline_they_run_one_after_another() -> None:
    token = config.use(config.Settings(TASKS="inline"))
    try:
        assert chain(group(jobs.add.s(1), jobs.add.s(2)), total.s(more=1)).enqueue().return_value == 6
        failed = chain(jobs.failing.s("x"), jobs.once.s()).enqueue()
        assert get_result(failed.id).status == "CANCELLED"
    finally:
        config.leave(token)


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: chain(jobs.add), "a chain is made of calls and groups, not of <Task tests.tasks.jobs.add>."),
        (lambda: chain(), "a chain needs a call"),
        (lambda: chain(group([])), "a group in a chain needs a call: what follows an empty one would never be let go"),
        (lambda: group(jobs.add, jobs.add), "a group is made of calls, not of <Task tests.tasks.jobs.add>."),
    ],
)
def test_what_cannot_follow_is_told(make: Callable[[], Any], text: str) -> None:
    with pytest.raises(InvalidTask) as refused:
        make()
    assert str(refused.value).startswith(text)


@pytest.mark.usefixtures("sqlite")
def test_arguments_are_checked_with_what_comes_first() -> None:
    with pytest.raises(InvalidTask, match=r"^add\(\) cannot be called like that: too many positional arguments"):
        chain(jobs.add.s(1), jobs.add.s(1, 2)).enqueue()
