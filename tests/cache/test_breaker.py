"""The circuit breaker, with a clock that the test sets."""

from spruce.cache.breaker import Breaker


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_after_a_failure_one_call_a_second_may_try() -> None:
    clock = Clock()
    breaker = Breaker(clock=clock)
    assert not breaker.open
    assert not breaker.may_try()
    assert breaker.failed("no route") is True
    assert breaker.open
    assert not breaker.may_try()
    clock.now = 1.0
    assert breaker.may_try()
    assert not breaker.may_try()
    assert breaker.failed("still none") is False
    clock.now = 2.0
    assert breaker.may_try()
    assert breaker.succeeded() is True
    assert breaker.succeeded() is False
    assert (breaker.open, breaker.trips, breaker.reason) == (False, 1, "still none")
