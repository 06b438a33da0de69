"""Dependencies: parameters that another function makes, called once for a request and cleaned up behind it."""

import inspect
from collections.abc import Callable, Generator, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from spruce.errors import ViewError
from spruce.http import Request, Response
from spruce.web.awaiting import await_
from spruce.web.context import slot
from spruce.web.sources import Source

__all__ = ["DependencyValue", "Opened", "plain_sources"]


class Opened:
    """What the dependencies of one request have made: the values to be shared, and the generators to be resumed."""

    __slots__ = ("context", "generators", "values")

    def __init__(self) -> None:
        self.context = slot.get()
        self.generators: list[Generator[Any, None, None]] = []
        self.values: dict[Callable[..., Any], Any] = {}

    def finish(self, response: Response) -> Response:
        """Resume the generators, the last first: now, or at the end of a streamed response; return the response."""
        if self.generators:
            if response.is_streamed:
                response.call_on_close(self._clean_up)
            else:
                self._clean_up()
        return response

    def fail(self, error: BaseException) -> None:
        """Raise `error`, or what a generator makes of it, from each generator's `yield` and then from here."""
        while self.generators:
            generator = self.generators.pop()
            try:
                generator.throw(error)
            except StopIteration:
                continue
            except BaseException as other:
                error = other
            else:
                generator.close()
                error = _yields_twice(generator)
        raise error

    def _clean_up(self) -> None:
        token = slot.set(self.context)
        try:
            while self.generators:
                generator = self.generators.pop()
                try:
                    next(generator)
                except StopIteration:
                    continue
                except BaseException as error:
                    self.fail(error)
                generator.close()
                self.fail(_yields_twice(generator))
        finally:
            slot.reset(token)


def _yields_twice(generator: Generator[Any, None, None]) -> ViewError:
    return ViewError(
        f"the dependency {getattr(generator, '__name__', '?')!r} yields a second time",
        hint="It yields its value once; what stands behind that cleans up.",
    )


@dataclass(frozen=True, slots=True)
class DependencyValue:
    """What `function` returns or yields when it is called with what its own sources read."""

    name: str
    function: Callable[..., Any]
    sources: tuple[Source, ...]
    shared: bool
    replaced: "Callable[[Callable[..., Any]], DependencyValue]" = field(compare=False)
    """Returns the same for a function that an app has in `dependency_overrides` in place of this one."""

    def read(self, request: Request, arguments: Mapping[str, Any]) -> Any:
        """Return the value; of a shared dependency the one that this request has already, if it has."""
        opened: Opened = request.dependencies
        if self.shared and self.function in opened.values:
            return opened.values[self.function]
        overrides = opened.context.app.dependency_overrides if opened.context is not None else None
        if overrides and overrides.get(self.function, self.function) is not self.function:
            value = self.replaced(overrides[self.function]).read(request, arguments)
            opened.values[self.function] = value
            return value
        value = self.function(**{source.name: source.read(request, arguments) for source in self.sources})
        if inspect.isawaitable(value):
            value = await_(value)
        elif inspect.isgeneratorfunction(self.function):
            value = self._begin(opened, value)
        opened.values[self.function] = value
        return value

    def _begin(self, opened: Opened, generator: Generator[Any, None, None]) -> Any:
        try:
            value = next(generator)
        except StopIteration:
            raise ViewError(f"the dependency {self.function.__name__!r} did not yield a value") from None
        opened.generators.append(generator)
        return value


def plain_sources(sources: Iterable[Source]) -> list[Source]:
    """Return the sources that read from the request itself, those of dependencies among them, each once."""
    found: list[Source] = []
    for source in sources:
        inner = plain_sources(source.sources) if isinstance(source, DependencyValue) else [source]
        found.extend(one for one in inner if one not in found)
    return found
