"""The time of day."""

import time

from spruce.tasks.clock import turned, wall


def test_it_is_that_of_the_system_unless_a_test_turns_it() -> None:
    assert abs(wall() - time.time()) < 60
    with turned(lambda: 5.0):
        assert wall() == 5.0
        with turned(lambda: 6.0):
            assert wall() == 6.0
        assert wall() == 5.0
    assert wall() > 1e9
