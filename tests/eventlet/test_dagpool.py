"""Green threads that wait for each other's results by key."""

from typing import Any

import pytest

from spruce import eventlet, green
from spruce.eventlet.dagpool import Collision, DAGPool, PropagateError


def test_values_that_depend_on_each_other() -> None:
    """Each runs when it is spawned, and waits for what it iterates over."""

    def add(key: str, results: Any, more: int) -> int:
        return sum(value for _, value in results) + more

    def main() -> None:
        pool = DAGPool({"a": 1})
        pool.spawn_many({"d": ("b", "c"), "b": ("a",), "c": ("a", "b")}, add, 10)
        assert pool.running() == 3
        assert pool.waiting_for("d") == {"b", "c"}
        assert pool.waitall() == {"a": 1, "b": 11, "c": 22, "d": 43}
        assert pool["d"] == 43
        assert pool.get("e", "none") == "none"
        assert (pool.running(), pool.waiting(), pool.running_keys()) == (0, 0, ())
        assert dict(pool.items()) == {"a": 1, "b": 11, "c": 22, "d": 43}
        assert pool.keys() == ("a", "b", "c", "d")

    green.run(main)


def test_a_failure_is_raised_where_its_value_is_asked_for() -> None:
    """With the key; some may want only the failures, or all but those."""

    def fail(key: str, results: Any) -> None:
        raise ValueError("bad")

    def main() -> None:
        pool = DAGPool({"good": 1})
        pool.spawn("bad", (), fail)
        with pytest.raises(PropagateError, match=r"^PropagateError\(bad\): ValueError: bad$"):
            pool.waitall()
        assert list(pool.wait_each_success()) == [("good", 1)]
        [(key, error)] = pool.wait_each_exception()
        assert (key, type(error.exc)) == ("bad", ValueError)

    green.run(main)


def test_keys_that_are_taken() -> None:
    """By a value or by a green thread; one may post for itself, or replace."""

    def main() -> None:
        pool = DAGPool({"a": 1})
        with pytest.raises(Collision):
            pool.spawn("a", (), print)
        with pytest.raises(Collision):
            pool.spawn_many({"a": ()}, print)
        with pytest.raises(Collision):
            pool.post("a", 2)
        pool.post("a", 3, replace=True)
        assert pool["a"] == 3
        pool.spawn("itself", (), lambda key, _: pool.post(key, "posted"))
        with pytest.raises(Collision):
            pool.post("itself", "from outside")
        assert pool["itself"] == "posted"

    green.run(main)


def test_a_value_from_outside_lets_them_go_on() -> None:
    """And the key of one that was killed is free again."""

    def main() -> None:
        pool = DAGPool()
        pool.spawn("sum", ("one", "two"), lambda _, results: sum(value for _, value in results))
        pool.post("one", 1)
        eventlet.sleep(0)
        assert pool.waiting_for() == {"sum": {"two"}}
        pool.post("two", 2)
        assert pool.wait(["sum"]) == {"sum": 3}
        assert pool.waiting_for("one") == set()
        with pytest.raises(KeyError):
            pool.waiting_for("nobody")
        pool.spawn("long", (), lambda key, _: eventlet.sleep(60))
        eventlet.sleep(0)
        pool.kill("long")
        with pytest.raises(KeyError):
            pool.kill("long")
        pool.post("long", "free")
        assert pool["long"] == "free"

    green.run(main)
