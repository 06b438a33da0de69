"""`eventlet.dagpool`: green threads that wait for each other's results by key."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

from spruce.green import Event, GreenThread, getcurrent, spawn

__all__ = ["Collision", "DAGPool", "PropagateError"]

_ALL: Final[Any] = object()


class Collision(Exception):
    """A key is taken: by a green thread that runs, or by a value."""


class PropagateError(Exception):
    """The green thread of `key` failed with `exc`; raised where its value is asked for."""

    def __init__(self, key: Any, exc: BaseException) -> None:
        super().__init__(key, exc)
        self.key = key
        self.exc = exc

    def __str__(self) -> str:
        return f"PropagateError({self.key}): {type(self.exc).__name__}: {self.exc}"


class _Runner:
    """The green thread of a key, and the keys whose values it still waits for."""

    def __init__(self, pending: set[Any]) -> None:
        self.pending = pending
        self.thread: GreenThread | None = None


class DAGPool:
    """Values by key, from green threads that are spawned with the keys on which they depend, or posted from outside.

    `preload` is a dict, or pairs, of values that are there from the beginning.
    """

    def __init__(self, preload: Mapping[Any, Any] | Iterable[tuple[Any, Any]] = ()) -> None:
        self.values: dict[Any, Any] = dict(preload)
        self._runners: dict[Any, _Runner] = {}
        self._news = Event()

    # ---- waiting ---------------------------------------------------------------------------------------------------

    def waitall(self) -> dict[Any, Any]:
        """Block until every key has a value, and return them all. PropagateError if a green thread failed."""
        return self.wait()

    def wait(self, keys: Iterable[Any] = _ALL) -> dict[Any, Any]:
        """As `waitall`, for these keys; for all that are known now if there are none."""
        return dict(self.wait_each(keys))

    def wait_each(self, keys: Iterable[Any] = _ALL) -> Iterator[tuple[Any, Any]]:
        """Yield keys with their values as those come. PropagateError if a green thread failed."""
        return self._checked(self._each(self._wanted(keys)))

    def wait_each_success(self, keys: Iterable[Any] = _ALL) -> Iterator[tuple[Any, Any]]:
        """As `wait_each`, without those that failed."""
        return (pair for pair in self._each(self._wanted(keys)) if not isinstance(pair[1], PropagateError))

    def wait_each_exception(self, keys: Iterable[Any] = _ALL) -> Iterator[tuple[Any, PropagateError]]:
        """As `wait_each`, only those that failed, with their PropagateError as value."""
        return (pair for pair in self._each(self._wanted(keys)) if isinstance(pair[1], PropagateError))

    def _wanted(self, keys: Iterable[Any]) -> set[Any]:
        return {*self.values, *self._runners} if keys is _ALL else set(keys)

    def _checked(self, pairs: Iterator[tuple[Any, Any]]) -> Iterator[tuple[Any, Any]]:
        for key, value in pairs:
            yield key, _value(value)

    def _each(self, pending: set[Any]) -> Iterator[tuple[Any, Any]]:
        """Yield what is there, then wait for more; `pending` shrinks meanwhile."""
        while True:
            ready = [key for key in pending if key in self.values]
            for key in ready:
                pending.discard(key)
                yield key, self.values[key]
            if not pending:
                return
            if not ready:
                self._news.wait()

    # ---- green threads ---------------------------------------------------------------------------------------------

    def spawn(self, key: Any, depends: Iterable[Any], function: Callable[..., Any], *args: Any, **kwargs: Any) -> None:
        """Run `function(key, results, *args, **kwargs)` in a green thread; what it returns is the value of `key`.

        `results` yields the keys in `depends` with their values, as `wait_each` does. Collision if the key is taken.
        """
        if key in self.values or key in self._runners:
            raise Collision(key)
        runner = self._runners[key] = _Runner(set(depends))
        results = self._checked(self._each(runner.pending))
        runner.thread = spawn(self._run, function, key, results, args, kwargs)

    def spawn_many(
        self, depends: Mapping[Any, Iterable[Any]], function: Callable[..., Any], *args: Any, **kwargs: Any
    ) -> None:
        """As `spawn`, for each key of a dict, with the keys on which it depends. Collision before any runs."""
        for key in depends:
            if key in self.values or key in self._runners:
                raise Collision(key)
        for key, needed in depends.items():
            self.spawn(key, needed, function, *args, **kwargs)

    def _run(self, function: Callable[..., Any], key: Any, results: Any, args: Any, kwargs: Any) -> None:
        runner = self._runners[key]
        value: Any
        try:
            value = function(key, results, *args, **kwargs)
        except Exception as exc:
            value = PropagateError(key, exc)
        if self._runners.get(key) is runner:
            del self._runners[key]
            if key not in self.values:
                self.post(key, value)

    def kill(self, key: Any) -> None:
        """End the green thread of `key` and forget it: the key is free again. KeyError if none runs."""
        runner = self._runners.pop(key)
        if runner.thread is not None:
            runner.thread.kill()

    def post(self, key: Any, value: Any, replace: bool = False) -> None:
        """Give a key its value, and let those go on who wait for it.

        Collision if it has one and `replace` is false, or if its green thread runs; that one may post for itself.
        """
        runner = self._runners.get(key)
        if runner is not None and not _is_current(runner):
            raise Collision(key)
        if key in self.values and not replace:
            raise Collision(key)
        self.values[key] = value
        news, self._news = self._news, Event()
        news.send()

    # ---- looking ---------------------------------------------------------------------------------------------------

    def __getitem__(self, key: Any) -> Any:
        """The value of a key, when it has one. Blocks; PropagateError if its green thread failed."""
        [(_, value)] = self._each({key})
        return _value(value)

    def get(self, key: Any, default: Any = None) -> Any:
        """The value of a key, or `default` while it has none. PropagateError if its green thread failed."""
        return _value(self.values.get(key, default))

    def keys(self) -> tuple[Any, ...]:
        """The keys that have a value now."""
        return tuple(self.values)

    def items(self) -> tuple[tuple[Any, Any], ...]:
        """The keys that have a value now, with it. PropagateError if a green thread failed."""
        return tuple((key, _value(value)) for key, value in self.values.items())

    def running(self) -> int:
        """How many green threads run, or wait for others."""
        return len(self._runners)

    def running_keys(self) -> tuple[Any, ...]:
        """The keys of those."""
        return tuple(self._runners)

    def waiting(self) -> int:
        """How many green threads still wait for others."""
        return len(self.waiting_for())

    def waiting_for(self, key: Any = _ALL) -> Any:
        """The keys that the green thread of `key` still waits for; without a key, those of all that wait, as a dict.

        KeyError if there is no such key.
        """
        if key is _ALL:
            needs = {each: self._missing(runner) for each, runner in self._runners.items()}
            return {each: missing for each, missing in needs.items() if missing}
        if key in self._runners:
            return self._missing(self._runners[key])
        if key not in self.values:
            raise KeyError(key)
        return set()

    def _missing(self, runner: _Runner) -> set[Any]:
        return {key for key in runner.pending if key not in self.values}


def _value(value: Any) -> Any:
    if isinstance(value, PropagateError):
        raise value
    return value


def _is_current(runner: _Runner) -> bool:
    return runner.thread is getcurrent()
