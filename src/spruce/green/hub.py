"""The hub: one per OS thread. It owns the loop, the root greenlet that runs it, the carriers, and a ready queue of its own.

Rules:

* All switches go through the root: a green thread parks by switching to the root, and only the root switches to a carrier.
* A wake is an entry `(carrier, seq)` in `ready`. One callback of the loop drains the queue, several short rounds a turn: a loop handle per
  wake is most of what asyncio costs.
* The hub refers to all its carriers and ends them at shutdown; the collector must never find a parked one, since its `finally`
  blocks would run in whoever dropped it.
* On a loop written in C (uvloop) libuv keeps pointers into its own stack frames, and greenlet moves slices of that stack. So there
  each carrier is born at least 64 KiB further down the stack than the root ever is when it switches, and every switch-in checks that
  nothing of the root's stack was moved away.

Who runs the loop: `run()` runs it in the greenlet that called it; a plain program's hub runs it in a child greenlet whenever the main
greenlet blocks; inside somebody else's running loop the hub is attached to that one.
"""

import asyncio
import contextvars
import faulthandler
import logging
import math
import os
import sys
from collections import deque
from collections.abc import Callable
from typing import Any, Final, NoReturn, cast

from greenlet import GreenletExit, getcurrent, greenlet

from spruce.errors import GreenError
from spruce.green.carrier import Carrier, MainCarrier
from spruce.green.greenthread import GreenThread

__all__ = ["AnyCarrier", "Hub"]

logger = logging.getLogger("spruce.green")
AnyCarrier = Carrier | MainCarrier

SWITCHES: Final = 64  # at least one round of the ready queue a turn, and more while fewer switches were made
START: Final = -1  # instead of a sequence number: the entry's first member is a thread to start
CALL: Final = -2  # the entry's first member is a callable
_NEST: Final = 16  # nested sorts: each keeps about 5 KiB of C stack, together more than 64 KiB
_SHUTDOWN_SECONDS: Final = 5.0  # of grace for threads that clean up


class Hub:
    """The green runtime of one OS thread. `get_hub()` makes it when first needed; use the functions of `spruce.green`, not this."""

    def __init__(self, loop: asyncio.AbstractEventLoop, root: greenlet | None = None) -> None:
        self.loop = loop
        self.ready: deque[tuple[Any, int]] = deque()
        self.idle: list[Carrier] = []
        self.carriers: set[Carrier] = set()
        self.context = contextvars.Context()
        self.main: MainCarrier | None = None
        self.armed = False
        self.abandoned = False  # it belongs to the process that forked this one
        self.closing = False
        self.watchers: dict[int, Any] = {}  # by descriptor
        self.guarded = not isinstance(loop, asyncio.BaseEventLoop)
        self.root = root if root is not None else getcurrent()
        self.park: Callable[[], Any] = self._guarded_park if self.guarded else self.root.switch

    # ---- waking -----------------------------------------------------------------------------------------------------------

    def wake(self, carrier: AnyCarrier, seq: int) -> None:
        """Resume `carrier` soon, unless its sequence number has moved on by then."""
        self.ready.append((carrier, seq))
        if not self.armed:
            self.arm()

    def arm(self) -> None:
        """Have the ready queue drained at the loop's next turn."""
        self.armed = True
        self.loop.call_soon(self._drain, context=self.context)

    def _drain(self) -> None:
        ready, idle = self.ready, self.idle
        popleft = ready.popleft
        budget = SWITCHES
        try:
            while budget > 0:
                budget -= (entries := len(ready))
                for _ in range(entries):
                    carrier, seq = popleft()
                    if seq >= 0:
                        if carrier.seq == seq:
                            carrier.seq = seq + 1
                            gate = carrier.thread.gate
                            if gate is None:
                                carrier.switch()
                            elif not gate.done():
                                gate.set_result(None)
                    elif seq == START:
                        thread = carrier
                        if not thread.dead:
                            carrier = idle.pop() if idle else self._bear()
                            carrier.thread = thread
                            thread.carrier = carrier
                            carrier.gr_context = thread.context
                            carrier.switch()
                    else:
                        carrier()
                if not ready:
                    self.armed = False
                    return
        except BaseException:
            self.arm()
            raise
        self.arm()

    def resume(self, carrier: AnyCarrier, seq: int) -> None:
        """Resume `carrier` right now, unless its sequence number has moved on; only in the root."""
        if carrier.seq == seq:
            carrier.seq = seq + 1
            gate = carrier.thread.gate
            if gate is None:
                carrier.switch()
            elif not gate.done():
                gate.set_result(None)

    def call(self, function: Callable[[], Any]) -> None:
        """Call `function` in the root, in turn with the wakes."""
        self.ready.append((function, CALL))
        if not self.armed:
            self.arm()

    # ---- starting ---------------------------------------------------------------------------------------------------------

    def spawn(self, function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any] | None) -> GreenThread:
        """Make a thread that starts at the next round, in the order of spawning."""
        thread = GreenThread(self, function, args, kwargs)
        self.ready.append((thread, START))
        if not self.armed:
            self.arm()
        return thread

    def spawn_later(
        self, seconds: float, function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any] | None
    ) -> GreenThread:
        """Make a thread that starts after `seconds`, unless it is killed or cancelled before."""
        thread = GreenThread(self, function, args, kwargs)
        timer = self.call_later(seconds, self._start_if_alive, thread)
        thread.link(lambda _: timer.cancel())
        return thread

    def _start_if_alive(self, thread: GreenThread) -> None:
        if not thread.dead:
            self.start(thread)

    def dispatch(self, function: Callable[..., Any], *args: Any) -> GreenThread:
        """Run `function(*args)` as a green thread right now; return when it parks or ends. Only from a callback of the loop."""
        thread = GreenThread(self, function, args, None)
        self.start(thread)
        return thread

    def start(self, thread: GreenThread) -> None:
        """Switch to a carrier with the thread's job; only in the root."""
        carrier = self.idle.pop() if self.idle else self._bear()
        carrier.thread = thread
        thread.carrier = carrier
        carrier.gr_context = thread.context
        carrier.switch()

    def _bear(self) -> Carrier:
        if not self.guarded:
            return self._new_carrier()
        born: list[Carrier] = []
        _deepen(_NEST, lambda: born.append(self._new_carrier(first_switch=True)))
        return born[0]

    def _new_carrier(self, *, first_switch: bool = False) -> Carrier:
        carrier = Carrier()
        carrier.hub, carrier.park, carrier.seq = self, self.park, 0
        self.carriers.add(carrier)
        if first_switch:  # a greenlet's stack begins where it is first switched to
            carrier.thread = GreenThread(self, int, (), None)
            carrier.switch()
            self.idle.remove(carrier)
        return carrier

    def _guarded_park(self) -> Any:
        value = self.root.switch()
        if self.root._stack_saved:
            _stack_hazard()
        return value

    # ---- waiting ----------------------------------------------------------------------------------------------------------

    def current(self) -> AnyCarrier:
        """The carrier that may block here; GreenError in the root, where blocking would stop the loop."""
        running = getcurrent()
        if type(running) is Carrier:
            if running.hub is not self:
                raise GreenError(
                    "this green thread belongs to another OS thread", hint="hand its result over with a queue.Queue"
                )
            return running
        if self.main is not None and running is self.main.greenlet:
            return self.main
        raise GreenError(
            "a blocking call of spruce.green in a plain asyncio task or callback: it would stop the loop",
            hint="run the code as a green thread: `await green.spawn(function)`",
        )

    def loop_callback_on_death(self, thread: GreenThread, future: "asyncio.Future[None]") -> None:
        """Resolve `future` when `thread` ends; the future may be cancelled or belong to another loop."""
        loop = future.get_loop()

        def resolve() -> None:
            if not future.done():
                future.set_result(None)

        thread.link(lambda _: loop.call_soon_threadsafe(resolve))

    def kill(self, thread: GreenThread, exception: BaseException) -> None:
        """Interrupt `thread` and, from a green thread, let it happen before this returns."""
        if thread.dead:
            return
        if getcurrent() is self.root:
            thread.interrupt(exception)
            return
        carrier = self.current()
        if carrier.thread is thread:
            raise exception
        self.call(lambda: self._interrupt_then_wake(thread, exception, carrier, carrier.seq))
        carrier.park()

    def _interrupt_then_wake(
        self, thread: GreenThread, exception: BaseException, carrier: AnyCarrier, seq: int
    ) -> None:
        trapped = thread.trap is not None or thread.gate is not None
        thread.interrupt(exception)
        if trapped and not thread.dead:  # the exception arrives by way of the loop, within a turn or two
            self.loop.call_soon(self.loop.call_soon, self.wake, carrier, seq)
        else:
            self.wake(carrier, seq)

    def call_later(self, seconds: float, function: Callable[..., Any], *args: Any) -> asyncio.TimerHandle:
        """The loop's `call_later`, never early: uvloop rounds to milliseconds, so there the time is rounded up."""
        if self.guarded:
            seconds = math.ceil(seconds * 1000) / 1000
        return self.loop.call_later(seconds, function, *args, context=self.context)

    # ---- a loop in a child greenlet, for programs whose main greenlet blocks ------------------------------------------------

    def run_for_main(self) -> None:
        """The root greenlet of a plain program: run the loop until main is woken, switch to main, and so on until it closes."""
        main = cast(MainCarrier, self.main)
        while not self.closing:
            try:
                self.loop.run_forever()
            except (KeyboardInterrupt, SystemExit) as exc:
                main.seq += 1
                main.throw(exc)
            if main.woken:
                main.woken = False
                main.greenlet.switch()
        self.shutdown()

    def close(self) -> None:
        """End a plain program's hub, from its main greenlet: its threads get GreenletExit, its tasks are cancelled."""
        self.closing = True
        if self.root:
            self.root.switch()
        if tasks := asyncio.all_tasks(self.loop):
            for task in tasks:
                task.cancel()
            self.loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
        self.loop.run_until_complete(self.loop.shutdown_asyncgens())
        self.loop.close()

    # ---- the end ----------------------------------------------------------------------------------------------------------

    def live_threads(self) -> list[GreenThread]:
        """The threads that have started and not ended."""
        idle = set(self.idle)
        return [carrier.thread for carrier in self.carriers if carrier not in idle and not carrier.dead]

    def shutdown(self) -> None:
        """Raise GreenletExit once in every thread and give them 5 s to end; end the carriers. In the root, the loop not running."""
        for entry, seq in list(self.ready):
            if seq == START:
                entry.interrupt(GreenletExit())
        deadline = self.loop.time() + _SHUTDOWN_SECONDS
        interrupted: set[GreenThread] = set()
        while (live := self.live_threads()) and self.loop.time() < deadline:
            for thread in live:
                if thread not in interrupted:
                    interrupted.add(thread)
                    self.loop.call_soon(thread.interrupt, GreenletExit())
            self.loop.call_later(0.005, self.loop.stop)
            self.loop.run_forever()
        if live:
            logger.warning("these green threads did not end within %g s of being killed: %s", _SHUTDOWN_SECONDS, live)
        self.release()

    def release(self) -> None:
        """End the parked carriers; in the root."""
        while self.idle:
            carrier = self.idle.pop()
            self.carriers.discard(carrier)
            carrier.throw(GreenletExit())


def _deepen(levels: int, act: Callable[[], Any]) -> None:
    """Call `act` further down the C stack: a list being sorted keeps its merge state there."""
    if levels:
        [0].sort(key=lambda _: cast(int, _deepen(levels - 1, act) or 0))
    else:
        act()


def _stack_hazard() -> NoReturn:
    sys.stderr.write(
        "spruce: fatal: a green thread was resumed above the loop's stack frames, which on uvloop corrupts memory. "
        "Please report it with the traceback below; `--loop asyncio` has no such hazard.\n"
    )
    faulthandler.dump_traceback()
    os._exit(70)
