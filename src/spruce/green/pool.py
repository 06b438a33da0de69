"""GreenPool: at most so many green threads at a time; GreenPile: their results in order. eventlet's names, as ever."""

import weakref
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from spruce.green.event import Event, MisuseError
from spruce.green.greenthread import GreenThread, new_thread
from spruce.green.queue import LightQueue
from spruce.green.runtime import get_hub
from spruce.green.semaphore import Semaphore
from spruce.green.threads import GreenletExit, getcurrent, spawn

__all__ = ["GreenMap", "GreenPile", "GreenPool"]


class GreenPool:
    """Runs functions in at most `size` green threads at once; `spawn` blocks while all are busy."""

    def __init__(self, size: int = 1000) -> None:
        if size < 0:
            raise ValueError(f"a GreenPool needs a size of 0 or more, not {size}")
        self.size = size
        self.coroutines_running: set[GreenThread] = set()
        self.sem = Semaphore(size)
        self.no_coros_running = Event()

    def __repr__(self) -> str:
        return f"<GreenPool {self.running()} of {self.size} running, {self.waiting()} waiting>"

    def resize(self, new_size: int) -> None:
        """Change the size. Threads beyond a smaller one run to their end; nothing new starts until there is room."""
        self.sem.adjust(new_size - self.size)
        self.size = new_size

    def running(self) -> int:
        """The number of threads that the pool runs."""
        return len(self.coroutines_running)

    def free(self) -> int:
        """How many more could be spawned without blocking."""
        return self.sem.counter

    def waiting(self) -> int:
        """The number of threads that wait in `spawn`."""
        return max(0, -self.sem.balance)

    def stats(self) -> dict[str, int]:
        """The `size`, how many are `running`, `free`, and `waiting` to be spawned."""
        return {"size": self.size, "running": self.running(), "free": self.free(), "waiting": self.waiting()}

    def spawn(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> GreenThread:
        """Run the function in the pool and return its handle; block while the pool is full.

        From a full pool's own member it runs the function in place, since waiting there could wait for itself.
        """
        if not self.sem.acquire(blocking=False):
            if getcurrent() in self.coroutines_running:
                return _run_in_place(function, args, kwargs)
            self.sem.acquire()
        thread = spawn(function, *args, **kwargs)
        if not self.coroutines_running:
            self.no_coros_running = Event()
        self.coroutines_running.add(thread)
        thread.link(self._spawn_done)
        return thread

    def spawn_n(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> None:
        """As `spawn`, without a handle; an exception of the function is logged."""
        self.spawn(function, *args, **kwargs)

    def _spawn_done(self, thread: GreenThread) -> None:
        self.sem.release()
        self.coroutines_running.discard(thread)
        if not self.coroutines_running:
            self.no_coros_running.send()

    def waitall(self) -> None:
        """Block until no thread of the pool runs. Not from a member of the pool: it would wait for itself."""
        if getcurrent() in self.coroutines_running:
            raise MisuseError(
                "waitall() was called from a thread of the pool itself: it would wait for its own end",
                hint="Call it outside",
            )
        if self.running():
            self.no_coros_running.wait()

    def imap(self, function: Callable[..., Any] | None, *iterables: Iterable[Any]) -> Iterator[Any]:
        """As `map(function, *iterables)`, each call in a thread of the pool; results in order. Memory stays bounded.

        With None for a function, the results are the tuples of arguments.
        """
        return self.starmap(function or _arguments, zip(*iterables, strict=False))

    def starmap(self, function: Callable[..., Any], iterable: Iterable[Iterable[Any]]) -> Iterator[Any]:
        """As `itertools.starmap`, each call in a thread of the pool; results in order."""
        return GreenMap(self, function, iterable)


def _arguments(*args: Any) -> tuple[Any, ...]:
    return args


def _run_in_place(function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> GreenThread:
    """A handle of a thread that has ended, with what `function` returned or raised."""
    thread = new_thread(get_hub(), function, args, kwargs)
    thread.dead = True
    thread.context = None
    try:
        thread.result = function(*args, **kwargs)
    except Exception as exc:
        thread.fail(exc)
    return thread


class GreenPile:
    """Spawn calls into a pool, or into a new one of the given size; iterate over the results in order."""

    def __init__(self, size_or_pool: int | GreenPool = 1000) -> None:
        self.pool = size_or_pool if isinstance(size_or_pool, GreenPool) else GreenPool(size_or_pool)
        self.waiters: LightQueue[Any] = LightQueue()
        self.counter = 0

    def spawn(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> None:
        """Run the function in the pool; its result is the next one of the iteration."""
        self.counter += 1
        try:
            self.waiters.put(self.pool.spawn(function, *args, **kwargs))
        except BaseException:
            self.counter -= 1
            raise

    def __iter__(self) -> "GreenPile":
        return self

    def __next__(self) -> Any:
        """The next result, waiting for it, or what the function raised. Ends when all that was spawned so far is."""
        if self.counter == 0:
            raise StopIteration
        try:
            return self.waiters.get().wait()
        finally:
            self.counter -= 1

    next = __next__


class _End:
    """What `wait` of the last entry does: it ends the iteration, or raises what the input raised."""

    def __init__(self, exception: BaseException) -> None:
        self.exception = exception

    def wait(self) -> Any:
        raise self.exception


class GreenMap:
    """The iterator that `imap` and `starmap` return: as many results ahead as the pool is large, not more.

    When it is dropped, nothing more is spawned.
    """

    def __init__(self, pool: GreenPool, function: Callable[..., Any], iterable: Iterable[Iterable[Any]]) -> None:
        self._results: LightQueue[Any] = LightQueue(max(pool.size, 1))
        self._ended = False
        feeder = spawn(_feed, pool, self._results, function, iterable)
        weakref.finalize(self, _stop, feeder).atexit = False

    def __iter__(self) -> "GreenMap":
        return self

    def __next__(self) -> Any:
        if self._ended:
            raise StopIteration
        entry = self._results.get()
        self._ended = isinstance(entry, _End)
        return entry.wait()

    next = __next__


def _feed(
    pool: GreenPool, results: LightQueue[Any], function: Callable[..., Any], iterable: Iterable[Iterable[Any]]
) -> None:
    """Spawn a thread for each of the inputs, and put their handles in order; it must not know the GreenMap."""
    try:
        for args in iterable:
            results.put(pool.spawn(function, *args))
    except GreenletExit:
        raise
    except BaseException as exc:
        results.put(_End(exc))
    else:
        results.put(_End(StopIteration()))


def _stop(feeder: GreenThread) -> None:
    """Kill the feeder; called by the garbage collector, so from anywhere."""
    if not feeder.dead and not feeder.hub.loop.is_closed():
        feeder.hub.loop.call_soon_threadsafe(feeder.kill)
