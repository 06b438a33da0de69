"""The hub: one per OS thread. It owns the loop, the root greenlet that runs it, the carriers, and a ready queue.

Rules:

* All switches go through the root: a green thread parks by switching to the root, and only the root switches to a
  carrier.
* A wake is an entry `(carrier, seq)` in `ready`. One callback of the loop drains the queue, several short rounds a
  turn: a loop handle per wake is most of what asyncio costs.
* The hub refers to all its carriers and ends them at shutdown; the collector must never find a parked one, since its
  `finally` blocks would run in whoever dropped it.
* On a loop written in C (uvloop) libuv keeps pointers into its own stack frames, and greenlet moves slices of that
  stack. So there each carrier is born at least 64 KiB further down the stack than the root ever is when it switches,
  and every switch-in checks that nothing of the root's stack was moved away.

Who runs the loop: `run()` runs it in the greenlet that called it; a plain program's hub runs it in a child greenlet
whenever the main greenlet blocks; inside somebody else's running loop the hub is attached to that one.
"""

import asyncio
import contextvars
import logging
import math
from collections import deque
from collections.abc import AsyncGenerator, Callable
from functools import partial
from threading import get_ident
from typing import Any, Final, NoReturn

from greenlet import GreenletExit, getcurrent, greenlet

from spruce.errors import GreenError
from spruce.green.calls import Pause, Raise, Soon
from spruce.green.carrier import Carrier, MainCarrier
from spruce.green.greenthread import AnyCarrier, GreenThread, OwnerThread, Timer, new_thread
from spruce.green.nativestack import deepen, guarded_park
from spruce.green.signals import woken_by_signals

__all__ = ["CALL", "START", "Hub"]

logger = logging.getLogger("spruce.green")

START: Final = -1  # instead of a sequence number: the entry's first member is a thread to start
CALL: Final = -2  # the entry's first member is a callable
_SHUTDOWN_SECONDS: Final = 5.0  # of grace for threads that clean up


class Hub:
    """The green runtime of one OS thread, made by `get_hub()` when first needed. Use the functions of the package."""

    parks: Any = None  # what watches the waits of threads, see `parks`
    forked = False  # whether this is a child of the process in which the hub was made
    switches = 64  # at least one round of the ready queue a turn, and more while fewer switches were made

    def __init__(self, loop: asyncio.AbstractEventLoop, root: greenlet | None = None) -> None:
        self.loop = loop
        self.ready: deque[tuple[Any, int]] = deque()
        self.idle: list[Carrier] = []
        self.carriers: dict[Carrier, None] = {}  # a set in the order of birth
        self.context = contextvars.Context()
        self.main: MainCarrier | None = None
        self.closing = False
        self.os_thread = get_ident()
        self.watchers: dict[int, Any] = {}  # by descriptor
        self.guard: AsyncGenerator[None, None] | None = None  # of a loop that somebody else runs: ends with it
        self.guarded = not isinstance(loop, asyncio.BaseEventLoop)
        self.root = root if root is not None else getcurrent()
        self.park: Callable[[], Any] = guarded_park(self.root) if self.guarded else self.root.switch
        self.rest = self.park  # how carriers without a job park, which nobody watches
        attach = getattr(loop, "attach_queue", None)  # our own loop drains the queue by itself
        self._attached = self.armed = attach is not None
        if attach is not None:
            attach(self.ready, self._drain)

    def __repr__(self) -> str:
        return f"<Hub on {type(self.loop).__name__}, {len(self.carriers) - len(self.idle)} green threads>"

    def stats(self) -> dict[str, int]:
        """How many `threads` have started and not ended; `carriers`, `idle` ones; `ready` entries; `watchers`."""
        return {
            "threads": len(self.live_threads()),
            "carriers": len(self.carriers),
            "idle": len(self.idle),
            "ready": len(self.ready),
            "watchers": len(self.watchers),
        }

    # ---- waking ----------------------------------------------------------------------------------------------------

    def wake(self, carrier: AnyCarrier, seq: int) -> None:
        """Resume `carrier` soon, unless its sequence number has moved on by then."""
        self.ready.append((carrier, seq))
        if not self.armed:
            self.arm()

    def arm(self) -> None:
        """Have the ready queue drained at the loop's next turn."""
        if not self._attached:
            self.armed = True
            self.loop.call_soon(self._drain, context=self.context)

    def _drain(self) -> None:
        ready, idle = self.ready, self.idle
        popleft = ready.popleft
        budget = self.switches
        try:
            while budget > 0:
                budget -= (entries := len(ready))
                for _ in range(entries):
                    carrier, seq = popleft()
                    if seq >= 0:
                        if carrier.seq == seq:
                            carrier.seq = seq + 1
                            if carrier.gate is None:
                                carrier.switch()
                            else:
                                carrier.gate.open()
                    elif seq == START:
                        thread = carrier
                        if not thread.dead:
                            carrier = idle.pop() if idle else self._bear()
                            carrier.thread = thread
                            thread.carrier = carrier
                            carrier.gr_context = thread.context
                            carrier.switch()
                        thread = None  # this frame lives on while others run, and must not keep what has ended
                    else:
                        carrier()
                if not ready:
                    self.armed = self._attached
                    return
        except Pause:
            return  # the drain goes on when main has parked again
        except BaseException:
            self.arm()
            raise
        self.arm()

    def resume(self, carrier: AnyCarrier, seq: int) -> None:
        """Resume `carrier` right now, unless its sequence number has moved on; only in the root."""
        if carrier.seq == seq:
            carrier.seq = seq + 1
            if carrier.gate is None:
                carrier.switch()
            else:
                carrier.gate.open()

    def call(self, function: Callable[[], Any]) -> None:
        """Call `function` in the root, in turn with the wakes."""
        self.ready.append((function, CALL))
        if not self.armed:
            self.arm()

    def call_next(self, function: Callable[[], Any]) -> None:
        """Call `function` in the root, ahead of the wakes that are queued."""
        self.ready.appendleft((function, CALL))
        if not self.armed:
            self.arm()

    def stop_soon(self) -> None:
        """Let the loop's `run_forever` return before another thread is resumed."""
        self.loop.stop()
        self.call_next(self._pause)

    def _pause(self) -> None:
        if self.main is not None and self.main.woken:
            raise Pause

    def raise_in_root(self, exception: BaseException) -> None:
        """Let KeyboardInterrupt or SystemExit come out of the loop's `run_forever`, before anything else runs."""
        if not self.closing:
            self.call_next(Raise(exception))

    # ---- starting --------------------------------------------------------------------------------------------------

    def spawn(self, function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any] | None) -> GreenThread:
        """Make a thread that starts at the next round, in the order of spawning."""
        thread = new_thread(self, function, args, kwargs)
        self.ready.append((thread, START))
        if not self.armed:
            self.arm()
        return thread

    def spawn_later(
        self, seconds: float, function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any] | None
    ) -> GreenThread:
        """Make a thread that starts after `seconds`, unless it is killed or cancelled before."""
        thread = new_thread(self, function, args, kwargs)
        timer = self.call_later(seconds, self._start_if_alive, thread)
        thread.link(lambda _: timer.cancel())
        return thread

    def _start_if_alive(self, thread: GreenThread) -> None:
        if not thread.dead:
            self.start(thread)

    def dispatch(self, function: Callable[..., Any], *args: Any) -> GreenThread:
        """Run `function(*args)` as a green thread right now, until it parks or ends. Only in a callback of the loop.

        The threads that it spawns end with it, unless they are detached.
        """
        thread = new_thread(self, function, args, None, OwnerThread)
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
        deepen(lambda: born.append(self._new_carrier(first_switch=True)))
        return born[0]

    def _new_carrier(self, *, first_switch: bool = False) -> Carrier:
        carrier = Carrier(parent=self.root)
        carrier.hub, carrier.park, carrier.gate, carrier.seq = self, self.park, None, 0
        self.carriers[carrier] = None
        if first_switch:  # a greenlet's stack begins where it is first switched to
            carrier.thread = new_thread(self, int, (), None)
            carrier.switch()
            self.idle.remove(carrier)
        return carrier

    # ---- waiting ---------------------------------------------------------------------------------------------------

    def current(self) -> AnyCarrier:
        """The carrier that may block here; GreenError in the root, where blocking would stop the loop."""
        running = getcurrent()
        if type(running) is Carrier:
            if running.hub is self:
                return running
        elif self.main is not None and running is self.main.greenlet:
            return self.main
        elif running is self.root:
            raise GreenError(
                "a blocking call of spruce.green in a plain asyncio task or callback: it would stop the loop",
                hint="Run the code as a green thread: `await green.spawn(function)`",
            )
        if get_ident() != self.os_thread:
            raise GreenError(
                "this green thread belongs to another OS thread, which can't be waited for here",
                hint="Hand its result over with a green.ThreadQueue",
            )
        raise GreenError(
            f"a blocking call of spruce.green in a greenlet of somebody else's ({type(running).__name__})",
            hint="Make the call before that greenlet starts, or in a green thread of its own",
        )

    def kill(self, thread: GreenThread, exception: BaseException) -> None:
        """Interrupt `thread`. From a green thread, wait until it has the exception; from the root, don't."""
        if thread.dead:
            return
        if thread.carrier is None:
            thread.fail_unstarted(exception)
            return
        if getcurrent() is self.root:
            self.call_next(lambda: thread.interrupt(exception))
            return
        carrier = self.current()
        if carrier.thread is thread:
            raise exception
        witness = (carrier, carrier.seq)
        self.call_next(lambda: thread.interrupt(exception, witness))
        carrier.park()

    def call_later(self, seconds: float, function: Callable[..., Any], *args: Any) -> Timer:
        """Call `function(*args)` in the root after `seconds`, never early; with 0 or less, in turn with the wakes."""
        if seconds <= 0:
            soon = Soon(function, args)
            self.call(soon)
            return soon
        if self.guarded:  # uvloop rounds to milliseconds: round up
            seconds = math.ceil(seconds * 1000) / 1000
        return self.loop.call_later(seconds, function, *args, context=self.context)

    # ---- the loop of a plain program, in a child greenlet ------------------------------------------------------------

    def run_for_main(self, main: MainCarrier) -> None:
        """The root greenlet of a plain program: run the loop, which resumes main when it is woken, until `close`."""
        with woken_by_signals(self.loop):
            while not self.closing:
                try:
                    self.loop.run_forever()
                except BaseException as exc:  # from a signal's handler, or to end the program
                    main.thread.interrupt(exc)
                if main.woken:
                    main.woken = False
                    main.greenlet.switch()
                    self.arm()
        self.finish()

    def close(self) -> None:
        """End a plain program's hub, from its main greenlet: its threads get GreenletExit, its tasks are cancelled."""
        self.closing = True
        if self.main is not None:
            self.main.thread.dead = True
        if self.loop.is_running():  # main runs inside one of its callbacks
            self.loop.stop()
        while not self.loop.is_closed():
            self.root.switch()

    def abandon(self) -> None:
        """In a forked child: nothing may park here any more, and what is shared with the parent stays untouched."""
        self.forked = True
        self.park = _forked
        self.watchers = {}
        for carrier in self.carriers:
            carrier.park = _forked

    # ---- the end ---------------------------------------------------------------------------------------------------

    def live_threads(self) -> list[GreenThread]:
        """The threads that have started and not ended, those of the oldest carriers first."""
        idle = set(self.idle)
        return [carrier.thread for carrier in self.carriers if carrier not in idle and not carrier.dead]

    async def end_threads(self) -> None:
        """Raise GreenletExit once in every thread and give them 5 s to end; then end the carriers."""
        self._end_unstarted()
        deadline = self.loop.time() + _SHUTDOWN_SECONDS
        interrupted: dict[GreenThread, asyncio.Future[None]] = {}
        while (live := self.live_threads()) and (left := deadline - self.loop.time()) > 0:
            for thread in live:
                if thread not in interrupted:
                    interrupted[thread] = self.end_of(thread)
                    self.call(partial(thread.interrupt, GreenletExit()))
            await asyncio.wait([interrupted[thread] for thread in live], timeout=left)
        if live:
            logger.warning("these green threads did not end within %g s of being killed: %s", _SHUTDOWN_SECONDS, live)
        if tasks := [thread.task for thread in interrupted if thread.dead and thread.task is not None]:
            await asyncio.wait(tasks)
        self.release()

    def _end_unstarted(self) -> None:
        for entry, seq in list(self.ready):
            if seq == START:
                entry.interrupt(GreenletExit())

    def end_of(self, thread: GreenThread) -> "asyncio.Future[None]":
        """A future of this loop that is done when the thread is dead."""
        future = self.loop.create_future()
        thread.link(lambda _: None if future.done() else future.set_result(None))
        return future

    def release(self) -> None:
        """End the carriers that have no job; in the root."""
        while self.idle:
            carrier = self.idle.pop()
            del self.carriers[carrier]
            carrier.throw(GreenletExit())

    def finish(self) -> None:
        """End all threads and tasks and close the loop. In the root, the loop not running."""
        loop = self.loop
        self.closing = True
        for entry in list(self.ready):
            if isinstance(entry[0], Raise):  # raised already: it has ended the program
                self.ready.remove(entry)
        self._end_unstarted()
        ending = loop.create_task(self._end())
        ending.add_done_callback(lambda _: loop.stop())
        try:
            while not ending.done():  # whatever else stops the loop
                loop.run_forever()
            ending.result()
        finally:
            loop.close()

    async def _end(self) -> None:
        await self.end_threads()
        if tasks := asyncio.all_tasks() - {asyncio.current_task()}:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        await self.loop.shutdown_asyncgens()
        await self.loop.shutdown_default_executor()


def _forked() -> NoReturn:
    raise GreenError(
        "os.fork() was called inside a green thread",
        hint="Fork where no green thread runs: before the first one starts",
    )
