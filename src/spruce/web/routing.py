"""The router: finds the rule of a path by walking a tree of path segments.

Finding one costs the same for ten rules as for thousands: a rule without variables is one look-up by its whole path,
any other one look-up for each segment.

A path that nothing answers is looked at again, more slowly, to say why: the slash at its end is missing, slashes are
doubled, another method was asked for, or there is no such page.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from spruce.errors import MethodNotAllowed, NotFound, RoutingError, nearest
from spruce.web.converters import CONVERTERS
from spruce.web.hosts import Branch, parse_host
from spruce.web.rules import Part, Rule, parse, segments
from spruce.web.tree import Node, collect, grow, walk

__all__ = ["RequestRedirect", "Router"]

_SLASHES = re.compile("/{2,}")


class RequestRedirect(Exception):
    """Raised by the router: this path is another one's misspelling; `path` is where to go, percent-encoded."""

    code = 308

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.path = path


class Router:
    """The rules of an app; `converters` and `strict_slashes` may be changed before the rules that are to follow them.

    With `strict_slashes`, a path that lacks the slash at the end of its rule is redirected, and one with a slash that
    its rule lacks is not found.
    """

    def __init__(self) -> None:
        self.strict_slashes = True
        self.converters = dict(CONVERTERS)
        self._rules: list[Rule] = []
        self._by_endpoint: dict[str, list[Rule]] = {}
        self._whole: dict[str, dict[str, Rule]] = {}
        self._root = Node()
        self.branches: list[Branch[Router]] = []

    def iter_rules(self, endpoint: str | None = None) -> Iterator[Rule]:
        """Yield every rule, or those of one endpoint, in the order in which they were added."""
        return iter(self._rules if endpoint is None else self._by_endpoint.get(endpoint, []))

    def add(
        self,
        rule: str,
        endpoint: str,
        methods: Iterable[str],
        *,
        defaults: Mapping[str, Any] | None = None,
        strict_slashes: bool = True,
        automatic_options: bool = True,
        host: str | None = None,
    ) -> Rule:
        """Add a rule and return it. GET brings HEAD with it, `automatic_options` brings OPTIONS.

        Of two rules for the same paths and methods the one that was added first answers; one for a `host`, which is a
        pattern such as `<tenant>.shop.example`, goes before those for all hosts.
        Raises: RoutingError as `rules.parse` does.
        """
        answers = {method.upper() for method in methods}
        if "GET" in answers:
            answers.add("HEAD")
        automatic_options = automatic_options and "OPTIONS" not in answers
        parts = parse(rule, self.converters, self)
        made = Rule(
            rule,
            endpoint,
            frozenset(answers),
            parts,
            dict(defaults or {}),
            strict_slashes,
            host=host,
            host_parts=() if host is None else parse_host(host, self.converters),
        )
        if automatic_options:
            made.methods |= {"OPTIONS"}
            made.options = replace(made, methods=frozenset())
        grown = self if host is None else self._branch_for(made).router
        for shape in _shapes(made):
            grown._grow(made, shape)
        self._rules.append(made)
        self._by_endpoint.setdefault(endpoint, []).append(made)
        return made

    def match(self, path: str, method: str) -> tuple[Rule, dict[str, Any]]:
        """Return the rule that answers `path`, which is percent-decoded, and the values of its variables.

        Raises: RequestRedirect, MethodNotAllowed with the methods that are allowed, NotFound.
        """
        rules = self._whole.get(path)
        if rules is not None and method in rules:
            rule = rules[method]
            return rule, {**rule.defaults} if rule.defaults else {}
        values: list[Any] = []
        found = walk(self._root, path.split("/"), 1, values, method)
        if found is None:
            raise self._miss(path, method)
        names = found.names
        named = {names[0]: values[0]} if len(names) == 1 else dict(zip(names, values, strict=True))
        return found, {**found.defaults, **named} if found.defaults else named

    def match_on(self, host: str, path: str, method: str) -> tuple[Rule, dict[str, Any]]:
        """`match` for a request to `host`, which may have a port; the values of its pattern are among the others."""
        refused: Exception | None = None
        for branch, values in self._fitting(host):
            try:
                rule, arguments = branch.router.match(path, method)
            except NotFound:
                continue
            except MethodNotAllowed as error:
                refused = refused or error
                continue
            return rule, {**arguments, **values}
        try:
            return self.match(path, method)
        except NotFound:
            if refused is not None:
                raise refused from None
            raise

    def methods(self, path: str, host: str | None = None) -> list[str]:
        """Return the methods, sorted, that `path` answers, on `host` if it is given."""
        allowed: set[str] = set()
        for router in (self, *(branch.router for branch, _ in self._fitting(host or ""))):
            collect(router._root, path.split("/"), 1, allowed)
        return sorted(allowed)

    def _fitting(self, host: str) -> "Iterator[tuple[Branch[Router], dict[str, Any]]]":
        """Yield the branches for `host`, those without variables first, each with the values of its pattern."""
        for branch in self.branches:
            values = branch.match(host)
            if values is not None:
                yield branch, values

    def _branch_for(self, rule: Rule) -> "Branch[Router]":
        for branch in self.branches:
            if branch.host == rule.host:
                return branch
        made = Branch(rule.host or "", rule.host_parts, Router())
        self.branches.append(made)
        self.branches.sort(key=lambda branch: len(branch.names))
        return made

    def build(self, endpoint: str, values: Mapping[str, Any], method: str | None = None) -> tuple[str, dict[str, Any]]:
        """Return the path of `endpoint` for `values`, and the values that it doesn't hold.

        Raises: RoutingError as `rule_for` does.
        """
        rule = self.rule_for(endpoint, values, method)
        return rule.build(values), {name: value for name, value in values.items() if name not in rule.arguments}

    def rule_for(self, endpoint: str, values: Mapping[str, Any], method: str | None = None) -> Rule:
        """Return the rule that a URL of `endpoint` is made by: of several the one that holds most of the values.

        Raises: RoutingError when there is no such endpoint or none of its rules suits.
        """
        rules = self._by_endpoint.get(endpoint)
        if rules is None:
            raise RoutingError(f"there is no endpoint {endpoint!r}{nearest(endpoint, self._by_endpoint)}")
        suitable = [rule for rule in rules if rule.suits(values, method)]
        if not suitable:
            raise RoutingError(_why_unsuitable(endpoint, rules, values, method))
        return max(suitable, key=lambda one: (len(one.arguments), len(one.defaults)))

    def _grow(self, rule: Rule, shape: list[tuple[Part, ...]]) -> None:
        rules = grow(self._root, rule, shape)
        if not rule.names:
            self._whole["/" + "/".join("".join(map(str, segment)) for segment in shape)] = rules

    def _miss(self, path: str, method: str) -> Exception:
        """Return why nothing answers `path` with `method`."""
        allowed = self.methods(path)
        if allowed:
            return MethodNotAllowed(valid_methods=allowed)
        if not path.startswith("/"):
            return NotFound()  # such as `*`, which asks for the options of the whole server
        merged = _SLASHES.sub("/", path)
        for other in dict.fromkeys((merged, path + "/", merged + "/")):
            if other != path and method in self.methods(other):
                return RequestRedirect(quote(_SLASHES.sub("/", other), safe="!$&'()*+,/:;=@~"))
        return NotFound()


def _shapes(rule: Rule) -> list[list[tuple[Part, ...]]]:
    """The segments that a rule answers: with strict slashes off also those with, or without, one at the end."""
    shape = segments(rule.parts)
    if rule.strict_slashes or shape == [()]:
        return [shape]
    return [shape, shape[:-1] if shape[-1] == () else [*shape, ()]]


def _why_unsuitable(endpoint: str, rules: list[Rule], values: Mapping[str, Any], method: str | None) -> str:
    if method is not None and not any(method in rule.methods for rule in rules):
        answers = sorted(set().union(*(rule.methods for rule in rules)))
        return f"no rule of the endpoint {endpoint!r} answers {method}, only {', '.join(answers)}"
    needs = [name for name in rules[0].needed if name not in values]
    if needs:
        given = ", ".join(sorted(values)) or "nothing"
        return (
            f"the URL of {endpoint!r} needs {', '.join(map(repr, needs))} for its rule {rules[0].rule!r}; "
            f"given was {given}{nearest(needs[0], set(values) - rules[0].arguments)}"
        )
    return f"the values contradict the defaults of every rule of the endpoint {endpoint!r}"
