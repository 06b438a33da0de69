"""The tree of rules, walked by hand."""

from typing import Any

from spruce.web.converters import CONVERTERS
from spruce.web.rules import Rule, parse, segments
from spruce.web.tree import Node, collect, grow, walk


def planted(*rules: str, methods: str = "GET") -> Node:
    """Return the root of a tree with rules, each of an endpoint of its own name."""
    root = Node()
    for rule in rules:
        made = Rule(rule, rule, frozenset({methods}), parse(rule, CONVERTERS))
        grow(root, made, segments(made.parts))
    return root


def found(root: Node, path: str, method: str = "GET") -> tuple[str, list[Any]] | None:
    values: list[Any] = []
    rule = walk(root, path.split("/"), 1, values, method)
    return None if rule is None else (rule.rule, values)


def test_a_fixed_text_wins_and_a_wrong_turn_is_taken_back() -> None:
    """`/a/new` is not the one of a name, unless the way on is missing there."""
    root = planted("/a/<name>/edit", "/a/new", "/a/<int:number>", "/files/<path:rest>", "/files/<path:rest>/raw")
    assert found(root, "/a/new") == ("/a/new", [])
    assert found(root, "/a/new/edit") == ("/a/<name>/edit", ["new"])
    assert found(root, "/a/7") == ("/a/<int:number>", [7])
    assert found(root, "/a/seven") is None
    assert found(root, "/files/x/y/raw") == ("/files/<path:rest>/raw", ["x/y"])
    assert found(root, "/files/x/y") == ("/files/<path:rest>", ["x/y"])


def test_the_methods_of_a_path_are_collected_from_all_ways() -> None:
    """Also from those that a request would not take."""
    root = planted("/a/new")
    for rule, method in (("/a/<name>", "POST"), ("/<path:all>", "PUT")):
        made = Rule(rule, rule, frozenset({method}), parse(rule, CONVERTERS))
        grow(root, made, segments(made.parts))
    methods: set[str] = set()
    collect(root, ["", "a", "new"], 1, methods)
    assert methods == {"GET", "POST", "PUT"}
