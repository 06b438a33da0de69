"""A flame graph as data: the calls of many stacks as one tree, and where each is drawn."""

from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256
from typing import Any

from spruce.apm.profiles import Call

__all__ = ["Node", "boxes", "find", "folded_text", "functions", "make_tree", "outline", "own_calls", "speedscope"]

_NARROWEST = 0.1  # per cent of the width
Stacks = Iterable[tuple[Sequence[Call], float]]


class Node:
    """A call by way of the calls above it: its seconds with those of what it called, and its `own`."""

    __slots__ = ("below", "call", "id", "own", "seconds")

    def __init__(self, call: Call, path: bytes) -> None:
        self.call = call
        self.id = sha256(path).hexdigest()[:12]
        self.seconds = self.own = 0.0
        self.below: dict[Call, Node] = {}


def make_tree(name: str, stacks: Stacks) -> Node:
    """All stacks as one tree, below a node with this name."""
    root = Node(Call(name, "", 0, "root"), b"")
    for calls, seconds in stacks:
        node, path = root, b""
        node.seconds += seconds
        for call in calls:
            path += repr(call).encode()
            found = node.below.get(call)
            if found is None:
                found = node.below[call] = Node(call, path)
            node = found
            node.seconds += seconds
        node.own += seconds
    return root


def own_calls(calls: Sequence[Call]) -> Sequence[Call]:
    """The program's own calls of a stack, and what they called directly; the outermost and innermost if it has none."""
    found = [
        call for number, call in enumerate(calls) if call.kind == "own" or (number and calls[number - 1].kind == "own")
    ]
    return found or list(dict.fromkeys((*calls[:1], *calls[-1:])))


def find(root: Node, wanted: str) -> list[Node]:
    """The way from the root to the node with an id; the root alone if there is none."""
    waiting = [[root]]
    while waiting:
        way = waiting.pop()
        if way[-1].id == wanted:
            return way
        waiting += [[*way, node] for node in way[-1].below.values()]
    return [root]


def boxes(way: Sequence[Node]) -> Iterator[dict[str, Any]]:
    """What is drawn of the tree below the last node of a way, which is as wide as all: per cents and rows."""
    for row, node in enumerate(way):
        yield {"node": node, "left": 0.0, "width": 100.0, "row": row, "above": row < len(way) - 1}
    whole = way[-1].seconds or 1.0
    waiting = [(way[-1], 0.0, len(way))]
    while waiting:
        node, left, row = waiting.pop(0)
        for below in _largest(node):
            width = below.seconds / whole * 100
            if width >= _NARROWEST:
                yield {"node": below, "left": round(left, 3), "width": round(width, 3), "row": row, "above": False}
                waiting.append((below, left, row + 1))
            left += width


def outline(node: Node, least: float = 0.01, most: int = 200) -> list[tuple[int, Node]]:
    """The tree as lines, each with its depth: what has at least this share of the time, at most so many."""
    found: list[tuple[int, Node]] = []
    waiting = [(0, node)]
    while waiting and len(found) < most:
        depth, one = waiting.pop()
        found.append((depth, one))
        waiting += [(depth + 1, below) for below in reversed(_largest(one)) if below.seconds >= least * node.seconds]
    return found


def functions(node: Node, most: int = 50) -> list[dict[str, Any]]:
    """Each function below a node, with its own time and its whole; what calls itself counts once."""
    own: dict[Call, float] = {}
    total: dict[Call, float] = {}
    waiting: list[tuple[Node, frozenset[Call]]] = [(node, frozenset())]
    while waiting:
        one, above = waiting.pop()
        own[one.call] = own.get(one.call, 0.0) + one.own
        if one.call not in above:
            total[one.call] = total.get(one.call, 0.0) + one.seconds
        inside = above | {one.call}
        waiting += [(below, inside) for below in one.below.values()]
    order = sorted(
        (call for call in own if call.kind != "root"), key=lambda call: (own[call], total[call]), reverse=True
    )
    return [{"call": call, "own": own[call], "total": total[call]} for call in order[:most]]


def _largest(node: Node) -> list[Node]:
    return sorted(node.below.values(), key=lambda below: -below.seconds)


# ---- for other programs ----------------------------------------------------------------------------------------------


def folded_text(name: str, stacks: Stacks) -> str:
    """One line for each stack, its calls with `;` between them and its microseconds, as flamegraph.pl reads it."""
    lines = [
        f"{';'.join(part.replace(';', ':') for part in (name, *map(_label, calls)))} {round(seconds * 1e6)}"
        for calls, seconds in stacks
    ]
    return "\n".join(sorted(lines)) + "\n"


def _label(call: Call) -> str:
    return f"{call.name} ({call.file}:{call.line})"


def speedscope(name: str, stacks: Stacks) -> dict[str, Any]:
    """The file format of speedscope."""
    frames: dict[Call, int] = {}
    samples, weights = [], []
    for calls, seconds in stacks:
        samples.append([frames.setdefault(call, len(frames)) for call in calls])
        weights.append(seconds)
    return {
        "$schema": "https://www.speedscope.app/file-format-schema.json",
        "name": name,
        "exporter": "spruce",
        "shared": {"frames": [{"name": call.name, "file": call.file, "line": call.line} for call in frames]},
        "profiles": [
            {
                "type": "sampled",
                "name": name,
                "unit": "seconds",
                "startValue": 0,
                "endValue": sum(weights),
                "samples": samples,
                "weights": weights,
            }
        ],
    }
