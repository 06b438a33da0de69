"""When the supervisor names, ends and replaces workers. That it does is tested in tests/real."""

import os
import time
from collections.abc import Iterator

import pytest

from spruce.server.processes import Post
from spruce.server.supervisor import Supervisor, Watch, _Worker, described

STACK = f'''Current thread 0x00007f (most recent call first):
  File "{os.__file__}", line 12 in walk
  File "/app/shop.py", line 7 in report
  File "/app/main.py", line 1 in <module>
'''


@pytest.fixture
def supervisor() -> Iterator[Supervisor]:
    one = Supervisor(lambda post: False, 2, Watch(1, hang_seconds=2), lambda: None, Post(-1, -1))
    one.was_ready = True
    yield one
    for descriptor in (one.life, one.leash):
        os.close(descriptor)


@pytest.fixture
def child() -> Iterator[tuple[_Worker, int]]:
    """A worker that serves, whose process is long gone, and the writing end of its pulse."""
    reader, writer = os.pipe()
    os.set_blocking(reader, False)
    yield _Worker(2**22 + 1, reader, time.monotonic(), serves=True), writer
    os.close(reader)
    os.close(writer)


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


def test_a_worker_that_dies_before_all_have_served_ends_the_whole(
    supervisor: Supervisor, caplog: pytest.LogCaptureFixture
) -> None:
    """The code does not work: what served before goes on instead."""
    supervisor.was_ready = False
    supervisor._note_death(4711, 1, lived=0.1)
    assert supervisor.failed
    assert caplog.messages == ["worker 4711 exited with 1 after 0.1 s, before it served"]


@pytest.mark.parametrize(("code", "expected"), [(75, False), (0, True), (-9, True)])
def test_a_worker_that_was_to_end_is_no_failure(
    supervisor: Supervisor, caplog: pytest.LogCaptureFixture, code: int, expected: bool
) -> None:
    supervisor._note_death(4711, code, 0.1, expected)
    assert (supervisor.failures, supervisor.next_start) == (0, 0.0)
    assert caplog.messages == []


def test_it_sleeps_until_the_next_look_or_the_next_start(supervisor: Supervisor) -> None:
    worker = _Worker(1, -1, 0.0)
    supervisor.next_look = time.monotonic() + 100
    supervisor.workers = {1: worker, 2: worker}
    assert 90 < supervisor._wait_seconds() <= 100
    supervisor.workers = {1: worker}
    assert supervisor._wait_seconds() == 0.0


def test_one_that_was_told_to_end_counts_no_more(supervisor: Supervisor) -> None:
    supervisor.workers = {1: _Worker(1, -1, 0.0), 2: _Worker(2, -1, 0.0, deadline=1.0)}
    assert supervisor._missing() == 1


def look(supervisor: Supervisor, child: tuple[_Worker, int], said: bytes = b"") -> int:
    """Let the worker say something and the supervisor look; return how many looks it has missed."""
    worker, pulse = child
    if said:
        os.write(pulse, said)
    supervisor._feel(worker)
    supervisor._judge(worker)
    return worker.missed


def test_a_pulse_shows_that_it_serves_and_goes_on(supervisor: Supervisor, child: tuple[_Worker, int]) -> None:
    worker, pulse = child
    worker.serves = False
    supervisor._feel(worker)
    assert not worker.serves
    os.write(pulse, b"\0")
    supervisor._feel(worker)
    assert worker.serves
    assert [look(supervisor, child, said) for said in (b"", b"", b"", b"\0\0", b"\0", b"")] == [0, 1, 2, 0, 0, 1]


def test_a_worker_without_a_pulse_is_named_and_then_replaced(
    supervisor: Supervisor, child: tuple[_Worker, int], caplog: pytest.LogCaptureFixture
) -> None:
    """Named at the third look, replaced after as many as make its two seconds."""
    told = [(look(supervisor, child, STACK.encode()), len(caplog.messages)) for _ in range(5)]
    assert told == [(1, 0), (2, 0), (3, 1), (4, 2), (5, 2)]
    by = ' by /app/shop.py:7 in report; the last call first:\n  File "'
    number = child[0].pid
    assert caplog.messages[0].startswith(f"worker {number} is held up{by}")
    assert caplog.messages[1].startswith(f"replacing worker {number}, which has been held up for 2 s{by}")
    assert child[0].deadline == 0


def test_a_worker_that_goes_on_is_told(
    supervisor: Supervisor, child: tuple[_Worker, int], caplog: pytest.LogCaptureFixture
) -> None:
    child[0].missed = 6
    assert look(supervisor, child, b"\0") == 0
    assert caplog.messages == [f"worker {child[0].pid} goes on after 3.0 s"]


def test_a_worker_that_has_enough_is_replaced_while_it_ends(supervisor: Supervisor, child: tuple[_Worker, int]) -> None:
    worker, pulse = child
    supervisor.workers = {worker.pid: worker}
    assert supervisor._missing() == 1
    os.write(pulse, b"\0\2")
    supervisor._feel(worker)
    assert supervisor._missing() == 2
    assert worker.deadline is not None


def test_a_stack_names_the_innermost_call_outside_of_libraries() -> None:
    assert described(STACK) == (
        " by /app/shop.py:7 in report; the last call first:\n"
        f'  File "{os.__file__}", line 12 in walk\n'
        '  File "/app/shop.py", line 7 in report\n'
        '  File "/app/main.py", line 1 in <module>'
    )
    assert described("") == "; it doesn't tell by what"


def test_only_workers_that_have_served_a_while_are_weighed(
    supervisor: Supervisor, caplog: pytest.LogCaptureFixture
) -> None:
    supervisor.watch = Watch(1, max_memory=1)
    own = _Worker(os.getpid(), -1, started=100.0)
    assert not supervisor._is_too_large(own, 104.0)
    assert supervisor._is_too_large(own, 106.0)
    assert caplog.messages[0].startswith(f"worker {own.pid} has ")
    assert caplog.messages[0].endswith(" MiB of memory, its limit is 0.0 MiB; another one starts")
