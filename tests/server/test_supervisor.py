"""How long the supervisor waits before it replaces a worker. That it does is tested in tests/real."""

import os
import time
from collections.abc import Iterator

import pytest

from spruce.server.supervisor import Supervisor


@pytest.fixture
def supervisor() -> Iterator[Supervisor]:
    one = Supervisor(lambda parent: False, 2, grace=1, stop_listening=lambda: None)
    yield one
    for descriptor in (one.life, one.leash, one.signals, one.signal_writer):
        os.close(descriptor)


def test_a_worker_that_lived_is_replaced_at_once(supervisor: Supervisor, caplog: pytest.LogCaptureFixture) -> None:
    supervisor._note_death(4711, -9, lived=60)
    assert supervisor.next_start <= time.monotonic()
    assert caplog.messages == ["worker 4711 was killed by signal 9 (SIGKILL) after 60.0 s; another one starts in 0.0 s"]


def test_workers_that_die_young_are_replaced_ever_more_slowly(
    supervisor: Supervisor, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(9):
        supervisor._note_death(4711, 3, lived=0.1)
    delays = [message.rpartition(" in ")[2] for message in caplog.messages]
    assert delays == ["0.1 s", "0.2 s", "0.4 s", "0.8 s", "1.6 s", "3.2 s", "6.4 s", "10.0 s", "10.0 s"]
    assert caplog.messages[0] == "worker 4711 exited with 3 after 0.1 s; another one starts in 0.1 s"
    supervisor._note_death(4711, 3, lived=6)
    assert supervisor.failures == 0


def test_a_worker_that_has_ended_by_itself_is_no_failure(
    supervisor: Supervisor, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "spruce.server")
    supervisor._note_death(4711, 75, lived=0.1)
    assert (supervisor.failures, supervisor.next_start) == (0, 0.0)
    assert caplog.messages == ["worker 4711 has answered its last request after 0.1 s; another one starts"]


def test_it_sleeps_until_a_signal_while_all_workers_run(supervisor: Supervisor) -> None:
    supervisor.workers = {1: 0.0, 2: 0.0}
    assert supervisor._wait_seconds() is None
    supervisor.workers = {1: 0.0}
    assert supervisor._wait_seconds() == 0.0
