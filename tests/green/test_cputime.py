"""CPU time, charged to who has used it."""

from collections.abc import Iterator

import pytest
from greenlet import gettrace, settrace

from spruce import green
from spruce.green.cputime import cpu_clock


@pytest.fixture(autouse=True)
def tracer() -> Iterator[None]:
    before = gettrace()
    yield
    settrace(before)


def compute() -> None:
    sum(range(300_000))


def test_what_others_compute_while_it_waits_is_not_its_own() -> None:
    def main() -> tuple[float, float, float]:
        clock = cpu_clock()
        costs: list[float] = []

        def waiting() -> None:
            begin = clock()
            green.sleep(0.001)
            costs.append(clock() - begin)

        def computing() -> None:
            begin = clock()
            for _ in range(30):
                compute()
                green.sleep(0)
            costs.append(clock() - begin)

        begin = clock()
        threads = [green.spawn(waiting), green.spawn(computing)]
        for thread in threads:
            thread.wait()
        waited, computed = sorted(costs)
        return waited, computed, clock() - begin

    waited, computed, main_s = green.run(main)
    assert 0 <= waited < computed / 3
    assert main_s < computed / 3


def test_there_is_one_count_for_all_who_ask() -> None:
    first, second = cpu_clock(), cpu_clock()
    assert first == second
    begin = first()
    compute()
    assert second() > begin
