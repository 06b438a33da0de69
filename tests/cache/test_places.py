"""Waiting and spawning in plain OS threads, which get no hub for it."""

import threading
from collections.abc import Callable

from spruce import green
from spruce.cache.places import on_a_hub, pause, signal, spawn
from spruce.green.runtime import peek_hub


def in_thread(job: Callable[[], object]) -> None:
    errors: list[BaseException] = []

    def run() -> None:
        try:
            job()
            assert peek_hub() is None
        except BaseException as error:
            errors.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert errors == []


def test_a_plain_thread_uses_the_background() -> None:
    def job() -> None:
        pause(0.001)
        assert on_a_hub(lambda: peek_hub() is not None)
        done = threading.Event()
        spawn(done.set)
        assert done.wait(5)
        ended = threading.Event()
        end = spawn(lambda: green.sleep(100))
        end()
        spawn(ended.set)
        assert ended.wait(5)

    in_thread(job)


def test_signals_end_waits_in_both_directions() -> None:
    here = signal()

    def job() -> None:
        own = signal()
        green.in_background(own.give)
        own.wait()
        here.give()

    in_thread(job)
    here.wait()


def test_a_green_thread_stays_where_it_is() -> None:
    hub = green.get_hub()
    assert on_a_hub(peek_hub) is hub
    end = spawn(green.sleep, 100)
    pause(0)
    end()
