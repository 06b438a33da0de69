"""The tree of rules: a node is where a path stands after some of its segments, and edges lead on over the next one.

At a node a fixed text wins over variables, and of the variables the one with much fixed text around it, then the
converter of the lower weight; a choice that leads nowhere is taken back. What comes behind a variable that may hold
slashes is one regular expression, a tail.
"""

from bisect import insort
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from spruce.web.converters import Matcher
from spruce.web.hosts import pattern_matcher
from spruce.web.rules import Part, Rule, Variable

__all__ = ["Node", "collect", "grow", "walk"]


class Node:
    """Where a walk stands after some segments."""

    __slots__ = ("edges", "only", "rules", "static", "tails")

    def __init__(self) -> None:
        self.static: dict[str, Node] = {}
        self.only: _Edge | None = None  # the one edge, where there is one and no tail
        self.edges: list[_Edge] = []
        self.tails: list[_Tail] = []
        self.rules: dict[str, Rule] = {}


@dataclass(slots=True)
class _Edge:
    """A step over one segment with variables. `match` is None when any text fits; `many`: it returns several values."""

    order: tuple[int, int]
    key: str
    match: Matcher | None
    many: bool
    node: Node

    def __lt__(self, other: "_Edge") -> bool:
        return self.order < other.order


@dataclass(slots=True)
class _Tail:
    """A step over all that is left of a path; `match` takes it as one text."""

    order: tuple[int, int]
    key: str
    match: Matcher
    rules: dict[str, Rule]

    def __lt__(self, other: "_Tail") -> bool:
        return self.order < other.order


def grow(root: Node, rule: Rule, shape: list[tuple[Part, ...]]) -> dict[str, Rule]:
    """Put a rule where the segments of `shape` lead to; return the rules there by method."""
    node = root
    for number, segment in enumerate(shape):
        if any(isinstance(part, Variable) and not part.converter.part_isolating for part in segment):
            tail = _tail(node, shape[number:])
            _register(tail.rules, rule)
            return tail.rules
        node = _step(node, segment)
    _register(node.rules, rule)
    return node.rules


def _register(rules: dict[str, Rule], rule: Rule) -> None:
    """The first rule for a method stays, but one that asks for OPTIONS itself goes before an automatic answer."""
    for method in rule.methods - ({"OPTIONS"} if rule.options else set()):
        if method not in rules or not rules[method].methods:
            rules[method] = rule
    if rule.options:
        rules.setdefault("OPTIONS", rule.options)


def _step(node: Node, segment: tuple[Part, ...]) -> Node:
    """The node behind one segment, made when no rule went there before."""
    if all(isinstance(part, str) for part in segment):
        return node.static.setdefault("".join(map(str, segment)), Node())
    key = "".join(part if isinstance(part, str) else f"<{part.spec}>" for part in segment)
    for edge in node.edges:
        if edge.key == key:
            return edge.node
    match, many = _segment_matcher(segment)
    edge = _Edge(_order(segment), key, match, many, Node())
    insort(node.edges, edge)
    node.only = edge if len(node.edges) == 1 and not node.tails else None
    return edge.node


def _tail(node: Node, shape: list[tuple[Part, ...]]) -> _Tail:
    parts: list[Part] = []
    for number, segment in enumerate(shape):
        parts.extend(["/", *segment] if number else segment)
    key = "".join(part if isinstance(part, str) else f"<{part.spec}>" for part in parts)
    for tail in node.tails:
        if tail.key == key:
            return tail
    tail = _Tail(_order(parts), key, pattern_matcher(parts), {})
    insort(node.tails, tail)
    node.only = None
    return tail


def _order(parts: Iterable[Part]) -> tuple[int, int]:
    """What is tried first: much fixed text, then light converters."""
    parts = list(parts)
    text = sum(len(part) for part in parts if isinstance(part, str))
    return -text, sum(part.converter.weight for part in parts if isinstance(part, Variable))


def _segment_matcher(segment: tuple[Part, ...]) -> tuple[Matcher | None, bool]:
    first = segment[0]
    if len(segment) == 1 and isinstance(first, Variable):
        return first.converter.matcher(), False
    return pattern_matcher(segment), True


def walk(node: Node, texts: list[str], index: int, values: list[Any], method: str) -> Rule | None:
    """Return the rule that answers the rest of a path, with its values put behind `values`; None when none does.

    Goes on in a loop as long as there is one way only, and into itself where there are several.
    """
    end = len(texts)
    while index != end:
        text = texts[index]
        child = node.static.get(text)
        only = node.only
        if child is not None:
            if node.edges or node.tails:
                mark = len(values)
                found = walk(child, texts, index + 1, values, method)
                if found is None:
                    del values[mark:]
                    found = _branch(node, texts, index, values, method)
                return found
            node = child
        elif only is None:
            return _branch(node, texts, index, values, method)
        elif only.match is None and text:
            values.append(text)
            node = only.node
        elif _take(only, text, values):
            node = only.node
        else:
            return None
        index += 1
    return node.rules.get(method)


def _branch(node: Node, texts: list[str], index: int, values: list[Any], method: str) -> Rule | None:
    """Try each way on that goes over variables, as `walk` does."""
    mark = len(values)
    for edge in node.edges:
        del values[mark:]
        if _take(edge, texts[index], values):
            found = walk(edge.node, texts, index + 1, values, method)
            if found is not None:
                return found
    del values[mark:]
    for tail in node.tails:
        if method in tail.rules:
            try:
                values.extend(tail.match("/".join(texts[index:])))
            except ValueError:
                continue
            return tail.rules[method]
    return None


def _take(edge: _Edge, text: str, values: list[Any]) -> bool:
    """Put what `edge` makes of `text` behind `values`; False when it doesn't fit."""
    match = edge.match
    if match is None:
        values.append(text)
        return text != ""
    try:
        value = match(text)
    except ValueError:
        return False
    if edge.many:
        values.extend(value)
    else:
        values.append(value)
    return True


def collect(node: Node, texts: list[str], index: int, methods: set[str]) -> None:
    """Add to `methods` all that any rule for the rest of a path answers."""
    if index == len(texts):
        methods.update(node.rules)
        return
    text = texts[index]
    if text in node.static:
        collect(node.static[text], texts, index + 1, methods)
    for edge in node.edges:
        if _fits(edge.match, text):
            collect(edge.node, texts, index + 1, methods)
    for tail in node.tails:
        if _fits(tail.match, "/".join(texts[index:])):
            methods.update(tail.rules)


def _fits(match: Matcher | None, text: str) -> bool:
    if match is None:
        return bool(text)
    try:
        match(text)
    except ValueError:
        return False
    return True
