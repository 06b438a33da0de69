"""`spruce worker`: processes that do nothing but run jobs, watched by the same supervisor that watches web workers."""

import os
import signal
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from spruce import green
from spruce.errors import ConfigError
from spruce.server.processes import HAND_OVER, PULSE_SECONDS, EarlyEnd, Post
from spruce.server.supervisor import Supervisor, Watch
from spruce.tasks.serving import begin

__all__ = ["Orders", "serve"]


@dataclass(frozen=True, slots=True)
class Orders:
    """How workers run jobs: how many at one time, of which queues (none: all), and how long they may take to stop."""

    concurrency: int
    queues: Sequence[str] = ()
    grace: float = 30.0
    loop: str | None = None


def serve(app: Any, processes: int, orders: Orders, hang_seconds: float | None = 10.0) -> int:
    """Run the jobs of an app in so many processes until SIGTERM or SIGINT; 0: in this one. Blocks; return the status.

    Processes that die are replaced, and so are those whose loop stands still for `hang_seconds`.
    """
    if processes == 0:
        with EarlyEnd() as early:
            early.held = True
            _work(app, orders, None, early)
        return 0
    if not hasattr(os, "fork"):
        raise ConfigError("this system has no fork, so a worker is one process", hint="Say --processes 0.")
    life, leash = os.pipe()
    nobody, pulse = os.pipe()
    for descriptor in (nobody, pulse):
        os.set_blocking(descriptor, False)
    try:
        signal.signal(signal.SIGINT, lambda *_: os.kill(os.getpid(), signal.SIGTERM))
        watch = Watch(orders.grace, hang_seconds)
        supervisor = Supervisor(
            lambda post: _work(app, orders, post), processes, watch, lambda: None, Post(life, pulse, first=True)
        )
        return supervisor.run()
    finally:
        for descriptor in (life, leash, nobody, pulse):
            os.close(descriptor)


def _work(app: Any, orders: Orders, post: Post | None, early: EarlyEnd | None = None) -> bool:
    """Run jobs until told to stop, or until that was so `early`; with a `post`, tell the supervisor that it lives."""

    def main() -> None:
        stopping = green.Waiter()
        loop = green.get_hub().loop
        for number in (signal.SIGTERM, HAND_OVER) if post is not None else (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stopping.wake)
        if early is not None and early.came:
            return
        if post is not None:
            signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal sends it to all; the supervisor passes it on
            loop.add_reader(post.life, _orphaned, loop, post.life, stopping)
        engine = begin(app, concurrency=orders.concurrency, queues=orders.queues)
        if post is not None:
            post.answer_for_stacks()
            _beat(post)
        stopping.wait()
        engine.stop(orders.grace)

    green.run(main, loop=orders.loop)
    return False


def _beat(post: Post) -> None:
    post.beat()
    green.get_hub().call_later(PULSE_SECONDS, _beat, post)


def _orphaned(loop: Any, life: int, stopping: green.Waiter) -> None:
    loop.remove_reader(life)
    stopping.wake()
