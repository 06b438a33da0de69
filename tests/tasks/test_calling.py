"""The call of a task's function."""

import dataclasses

import pytest
from tests.tasks import jobs

from spruce import green
from spruce.errors import TaskTimeout
from spruce.tasks.calling import called


def test_plain_functions_and_async_ones_are_called() -> None:
    assert called(jobs.add, [1], {"b": 2}) == 3
    assert called(jobs.later, ["word"], {}) == "WORD"


def test_a_function_that_takes_too_long_is_stopped() -> None:
    with pytest.raises(TaskTimeout) as raised:
        called(jobs.endless, [], {})
    assert str(raised.value) == "endless() took longer than its 0.01 s"


def test_the_timeout_of_somebody_else_stays_theirs() -> None:
    """It is not taken for the task's own."""
    patient = dataclasses.replace(jobs.endless, timeout=100.0)
    with pytest.raises(green.Timeout) as raised, green.Timeout(0.005) as theirs:
        called(patient, [], {})
    assert raised.value is theirs


def test_a_task_may_run_in_an_os_thread() -> None:
    """Where no green thread is, so that it may block."""
    assert called(jobs.in_thread, [], {})
