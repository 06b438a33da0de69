"""`capture_span`: a span around a block of code or a function, however that runs.

    with apm.capture_span("read the file", span_type="app", labels={"size": 12}):
        ...

    @apm.capture_span()
    def price(order): ...

A decorated function may be plain, an `async def`, a generator or an async generator. Of a generator, only what it does
itself belongs to the span, not what its consumer does meanwhile; the span lasts until it is exhausted or closed.
"""

import inspect
import sys
from collections.abc import AsyncGenerator, Callable, Generator, Iterable, Mapping
from contextvars import Token
from functools import wraps
from time import perf_counter
from types import FrameType, TracebackType
from typing import Any, TypeVar

from spruce.apm.frames import frames_of_stack
from spruce.apm.spans import Span, Transaction, begin_span, current
from spruce.apm.traceparent import TraceParent
from spruce.apm.what import What, clean_labels

__all__ = ["async_capture_span", "capture_span"]

F = TypeVar("F", bound=Callable[..., Any])
_EXIT_TYPES = frozenset({"db", "external", "messaging", "storage"})
_Entry = tuple[Span | None, "Token[Transaction | Span | None] | None"]


class capture_span:  # noqa: N801 - used like a function, as in Elastic's agent
    """Record a span around a block, or around each call of a function.

    `span_type` may have subtype and action in it, `db.postgresql.query`; else they are given by themselves. A `leaf`
    has no spans below it. `links` are places in traces that it has to do with. `extra` becomes its context. `start` is
    a time of `perf_counter`, `duration` is in seconds. `skip_frames` is there for code that gives it, and does nothing.

    As a context manager it gives the span, or None where no transaction runs or it isn't sampled. What the block raises
    makes it a failure.
    """

    def __init__(
        self,
        name: str | None = None,
        span_type: str = "code.custom",
        extra: Mapping[str, Any] | None = None,
        skip_frames: int = 0,
        leaf: bool = False,
        labels: Mapping[str, Any] | None = None,
        span_subtype: str | None = None,
        span_action: str | None = None,
        start: float | None = None,
        duration: float | None = None,
        sync: bool | None = None,
        links: Iterable[TraceParent] | None = None,
    ) -> None:
        first, _, rest = span_type.partition(".")
        subtype, _, action = rest.partition(".")
        self.name = name
        self.type = first
        self.subtype = span_subtype or subtype or None
        self.action = span_action or action or None
        self.extra = dict(extra) if extra else None
        self.leaf = leaf
        self.labels = labels
        self.began, self.duration = start, duration
        self.sync = sync
        self.links = tuple(links or ())
        self._entry: list[_Entry] = []

    # As a context manager

    def __enter__(self) -> Span | None:
        span = self._begin(self.name)
        token = current.set(span) if span is not None and span.kept else None
        self._entry.append((span, token))
        return span

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        span, token = self._entry.pop()
        if token is not None:
            current.reset(token)
        if span is not None:
            self._end(span, error)

    async def __aenter__(self) -> Span | None:
        return self.__enter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.__exit__(kind, error, traceback)

    # As a decorator

    def __call__(self, function: F) -> F:
        """Return the function with a span around each call."""
        name = self.name or _name_of(function)
        if inspect.isasyncgenfunction(function):
            return self._of_async_generator(function, name)
        if inspect.isgeneratorfunction(function):
            return self._of_generator(function, name)
        if inspect.iscoroutinefunction(function):
            return self._of_coroutine(function, name)

        @wraps(function)
        def call(*args: Any, **kwargs: Any) -> Any:
            span = self._begin(name)
            if span is None:
                return function(*args, **kwargs)
            token = current.set(span) if span.kept else None
            try:
                result = function(*args, **kwargs)
            except BaseException as error:
                self._end(span, error)
                raise
            else:
                self._end(span, None)
                return result
            finally:
                if token is not None:
                    current.reset(token)

        return call  # type: ignore[return-value] # it takes and gives what the function does

    def _of_coroutine(self, function: F, name: str) -> F:
        @wraps(function)
        async def call(*args: Any, **kwargs: Any) -> Any:
            span = self._begin(name)
            if span is None:
                return await function(*args, **kwargs)
            token = current.set(span) if span.kept else None
            try:
                result = await function(*args, **kwargs)
            except BaseException as error:
                self._end(span, error)
                raise
            else:
                self._end(span, None)
                return result
            finally:
                if token is not None:
                    current.reset(token)

        return call  # type: ignore[return-value] # the same

    def _of_generator(self, function: F, name: str) -> F:
        @wraps(function)
        def call(*args: Any, **kwargs: Any) -> Generator[Any, Any, Any]:
            span = self._begin(name)
            generator = function(*args, **kwargs)
            return (yield from generator if span is None else self._stepped(generator, span))

        return call  # type: ignore[return-value] # the same

    def _stepped(self, generator: Generator[Any, Any, Any], span: Span) -> Generator[Any, Any, Any]:
        """Go on with a generator step by step, each inside of its span."""
        step: Callable[[], Any] = lambda: generator.send(None)  # noqa: E731 - it is assigned anew below
        try:
            while True:
                with _inside(span):
                    value = step()
                try:
                    sent = yield value
                    step = _call(generator.send, sent)
                except GeneratorExit:
                    generator.close()
                    raise
                except BaseException as error:
                    step = _call(generator.throw, error)
        except StopIteration as stop:
            self._end(span, None)
            return stop.value
        except GeneratorExit:
            self._end(span, None)
            raise
        except BaseException as error:
            self._end(span, error)
            raise

    def _of_async_generator(self, function: F, name: str) -> F:
        @wraps(function)
        async def call(*args: Any, **kwargs: Any) -> AsyncGenerator[Any, Any]:
            span = self._begin(name)
            generator = function(*args, **kwargs)
            step = generator.asend(None)
            failure: BaseException | None = None
            try:
                while True:
                    with _inside(span):
                        value = await step
                    try:
                        sent = yield value
                        step = generator.asend(sent)
                    except GeneratorExit:
                        await generator.aclose()
                        raise
                    except BaseException as error:
                        step = generator.athrow(error)
            except StopAsyncIteration:
                pass
            except GeneratorExit:
                raise
            except BaseException as error:
                failure = error
                raise
            finally:
                if span is not None:
                    self._end(span, failure)

        return call  # type: ignore[return-value] # the same

    # Both

    def _begin(self, name: str | None) -> Span | None:
        here = current.get()
        if here is None or here.transaction.ended or not here.transaction.sampled:
            return None
        is_exit = self.leaf and self.type in _EXIT_TYPES
        resource = (self.subtype or self.type) if is_exit else ""
        what = What(name or "unnamed", self.type, self.subtype, self.action, self.leaf, is_exit, resource, self.extra)
        span = begin_span(here, what, self.began)
        if self.labels:
            span.labels = clean_labels(self.labels)
        if self.links:
            span.links = self.links
        span.sync = self.sync
        return span

    def _end(self, span: Span, error: BaseException | None) -> None:
        if span.duration is not None:
            return
        if error is not None and "outcome" not in span.__dict__:  # which the program has not set
            span.outcome = "failure"
        if span.kept:
            _add_frames(span, self.duration)
        span.end(self.duration)


async_capture_span = capture_span
"""Elastic's name for it in async code; here it is the same."""


class _inside:  # noqa: N801 - written like a statement
    """Make a span the current one while the block runs."""

    __slots__ = ("_span", "_token")

    def __init__(self, span: Span | None) -> None:
        self._span = span

    def __enter__(self) -> None:
        kept = self._span is not None and self._span.kept
        self._token = current.set(self._span) if kept else None

    def __exit__(self, *failure: object) -> None:
        if self._token is not None:
            current.reset(self._token)


def _call(function: Callable[[Any], Any], argument: Any) -> Callable[[], Any]:
    return lambda: function(argument)


def _name_of(function: Callable[..., Any]) -> str:
    qualified = getattr(function, "__qualname__", None) or type(function).__name__
    return f"{getattr(function, '__module__', '')}.{qualified}".lstrip(".")


def _add_frames(span: Span, duration: float | None) -> None:
    """Note where a slow span comes from: one that has lasted for `SPAN_STACK_TRACE_MIN_DURATION`."""
    settings: Any = span.transaction.limits
    least = getattr(settings, "span_stack_trace_min_duration", -1.0)
    if least >= 0 and (perf_counter() - span.began if duration is None else duration) >= least:
        frame: FrameType | None = sys._getframe(1)
        while frame is not None and frame.f_code.co_filename == __file__:
            frame = frame.f_back
        span.frames = frames_of_stack(settings, frame, kind="transactions")
