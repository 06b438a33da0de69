"""Single flight by itself."""

import threading
from typing import Any

import pytest

from spruce import green
from spruce.cache.flights import Flights


def test_one_makes_it_and_the_others_get_it() -> None:
    flights, calls = Flights(), []

    def make() -> str:
        calls.append(1)
        assert flights.busy("key")
        green.sleep(0.01)
        return "made"

    found = green.gather(*[lambda: flights.run("key", make)] * 4)
    assert sorted(found) == [("made", False)] * 3 + [("made", True)]
    assert (len(calls), len(flights), flights.busy("key")) == (1, 0, False)


def test_keys_do_not_wait_for_each_other() -> None:
    flights = Flights()
    slow = green.spawn(flights.run, "slow", lambda: green.sleep(0.01) or "slow")
    green.sleep(0)
    assert flights.run("other", lambda: "at once") == ("at once", True)
    assert not slow.dead
    assert slow.wait() == ("slow", True)


def test_an_error_is_everybodys() -> None:
    flights, waits = Flights(), []

    def fail() -> None:
        green.sleep(0.01)
        raise LookupError("gone")

    def ask() -> Any:
        with pytest.raises(LookupError, match="gone"):
            flights.run("key", fail, waits.append)
        return True

    assert green.gather(ask, ask) == [True, True]
    assert len(waits) == 1
    assert len(flights) == 0


def test_who_waits_may_give_up() -> None:
    flights = Flights()
    maker = green.spawn(flights.run, "key", lambda: green.sleep(0.02) or "made")
    green.sleep(0)
    with pytest.raises(green.Timeout), green.Timeout(0.001):
        flights.run("key", lambda: "not called")
    assert maker.wait() == ("made", True)


def test_a_thread_does_not_wait_for_itself() -> None:
    flights = Flights()
    assert flights.run("key", lambda: flights.run("key", lambda: 1 / 0, detour=lambda: "detour")) == (
        ("detour", True),
        True,
    )


def test_a_plain_os_thread_waits_for_a_green_one() -> None:
    flights, found = Flights(), []

    def make() -> str:
        thread.start()
        while not flights._flights["key"].waiting:
            green.sleep(0.001)
        return "made"

    thread = threading.Thread(target=lambda: found.append(flights.run("key", lambda: 1 / 0)))
    assert flights.run("key", make) == ("made", True)
    thread.join()
    assert found == [("made", False)]
