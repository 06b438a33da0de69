"""Hosts: rules that answer on some hosts only, such as `api.shop.example` or `<tenant>.shop.example`."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from spruce.errors import RoutingError
from spruce.web.converters import BaseConverter, UnicodeConverter
from spruce.web.rules import Part, Variable, parse

__all__ = ["Branch", "host_of", "parse_host", "pattern_matcher"]

R = TypeVar("R")


class LabelConverter(UnicodeConverter):
    """What a variable of a host takes unless it has a converter of its own: one name, without a dot."""

    def __init__(self, router: object, *args: Any, **kwargs: Any) -> None:
        super().__init__(router, *args, **kwargs)
        self.regex = self.regex.replace("[^/]", "[^./:]")


def parse_host(host: str, converters: Mapping[str, type[BaseConverter]]) -> tuple[Part, ...]:
    """Return the parts of a pattern of hosts, with a slash before them. Raises: RoutingError as `rules.parse` does."""
    return parse(f"/{host}", {**converters, "default": LabelConverter, "string": LabelConverter})


def host_of(rule: str, host: str | None, subdomain: str | None, server_name: str | None) -> str | None:
    """Return the pattern of hosts of a rule that was given a host, a subdomain of `server_name`, or neither.

    Raises: RoutingError for both, and for a subdomain of nothing.
    """
    if subdomain is None:
        return host
    if host is not None:
        raise RoutingError(f"the rule {rule!r} has a host and a subdomain", hint="Give the host alone.")
    if server_name is None:
        raise RoutingError(
            f"the rule {rule!r} is for the subdomain {subdomain!r}, but of which host nobody knows",
            hint="Set SERVER_NAME first, as in App(__name__, SERVER_NAME='shop.example').",
        )
    name = server_name.partition(":")[0]
    return f"{subdomain}.{name}" if subdomain else name


@dataclass(slots=True)
class Branch(Generic[R]):
    """The rules of one pattern of hosts, in a `router` of their own."""

    host: str
    parts: tuple[Part, ...]
    router: R
    names: tuple[str, ...] = field(init=False)
    _values: Callable[[str], list[Any]] = field(init=False)

    def __post_init__(self) -> None:
        self.names = tuple(part.name for part in self.parts if not isinstance(part, str))
        self._values = pattern_matcher(part if isinstance(part, Variable) else part.lower() for part in self.parts)

    def match(self, host: str) -> dict[str, Any] | None:
        """Return the values of the pattern for `host`, None when it doesn't fit; ports count if the pattern has one."""
        shown = host.lower() if ":" in self.host else host.lower().partition(":")[0]
        try:
            return dict(zip(self.names, self._values(f"/{shown}"), strict=True))
        except ValueError:
            return None


def pattern_matcher(parts: Iterable[Part]) -> Callable[[str], list[Any]]:
    """Return what takes a text with several variables and returns their values."""
    parts = list(parts)
    variables = [part for part in parts if isinstance(part, Variable)]
    fullmatch = re.compile(
        "".join(re.escape(part) if isinstance(part, str) else f"({part.converter.regex})" for part in parts)
    ).fullmatch
    matchers = [(variable.converter.matcher() or str, number) for number, variable in _group_numbers(variables)]

    def match(text: str) -> list[Any]:
        found = fullmatch(text)
        if found is None:
            raise ValueError(text)
        return [convert(found[number]) for convert, number in matchers]

    return match


def _group_numbers(variables: list[Variable]) -> Iterator[tuple[int, Variable]]:
    """Yield each variable with the number of its group; a converter's own pattern may have groups too."""
    number = 1
    for variable in variables:
        yield number, variable
        number += 1 + re.compile(variable.converter.regex).groups
