"""Samples, folded and added up in the viewer's file."""

from pathlib import Path

from spruce import green
from spruce.apm.history import History
from spruce.apm.profiler import Sampled
from spruce.apm.profiles import _FORGET, Profiles, clear, folded, profiled_routes, stacks_of
from spruce.green.sampling import Stack, stack_of


def here() -> Stack:
    """The stack of a green thread that waits in a function of this file."""
    found: list[Stack] = []

    def waits(event: green.Event) -> None:
        event.wait()

    def main() -> None:
        event = green.Event()
        thread = green.spawn(waits, event)
        green.sleep()
        found.append(stack_of(thread))
        event.send()
        thread.wait()

    green.run(main)
    return found[0]


def keep(history: History, *found: Sampled) -> Profiles:
    """Write samples as the thread of a worker does."""
    profiles = Profiles(history, 100)
    assert profiles.profiler is not None
    profiles.profiler.take = lambda: list(found)  # type: ignore[method-assign]  # what was found
    history.rows("SELECT 1")
    connection = history.file.open()
    profiles.turn(connection)
    connection.close()
    return profiles


def test_only_what_was_called_is_left_of_the_machinery() -> None:
    calls = folded(here())
    assert [(call.name, call.kind) for call in calls] == [("here.<locals>.waits", "own"), ("Event.wait", "spruce")]
    assert calls[0].file.endswith("test_profiles.py")


def test_samples_add_up_by_route_and_stack(tmp_path: Path) -> None:
    history, stack = History(tmp_path / "viewer.db"), here()
    first, second = Sampled("GET /a", True, stack, 1, 0.1), Sampled("GET /b", False, stack, 2, 0.02)
    keep(history, first, second)
    keep(history, first)
    assert profiled_routes(history) == [
        {"name": "GET /b", "samples": 2, "computed": 0.02, "waited": 0.0},
        {"name": "GET /a", "samples": 2, "computed": 0.0, "waited": 0.2},
    ]
    ((calls, seconds),) = stacks_of(history, "GET /a", (True,))
    assert (calls, seconds) == (folded(stack), 0.2)
    assert stacks_of(history, "GET /a", (False,)) == []
    clear(history)
    assert profiled_routes(history) == []


def test_samples_are_taken_while_somebody_wants_them(tmp_path: Path) -> None:
    history = History(tmp_path / "viewer.db")
    profiles = Profiles(history, 100)
    assert profiles.profiler is not None
    for wanted in (True, False):
        history.want("profile", 1000 if wanted else 0)
        connection = history.file.open()
        history._turn(connection, sweeps=False)
        connection.close()
        assert profiles.profiler.running is wanted


def test_without_a_rate_there_is_none(tmp_path: Path) -> None:
    assert Profiles(History(tmp_path / "viewer.db"), 0).profiler is None


def test_the_least_leave_when_there_are_too_many(tmp_path: Path) -> None:
    history, stack = History(tmp_path / "viewer.db"), here()
    keep(history, *(Sampled(f"GET /{n}", False, stack, 1, float(n)) for n in range(1, 6)))
    history.change(_FORGET, (2,))
    assert [row["name"] for row in profiled_routes(history)] == ["GET /5", "GET /4"]
