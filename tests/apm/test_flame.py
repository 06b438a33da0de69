"""The flame graph as data."""

import pytest

from spruce.apm.flame import boxes, find, folded_text, functions, make_tree, outline, own_calls, speedscope
from spruce.apm.profiles import Call

VIEW, PARSE, FIND = (Call(name, "app.py", line, "own") for line, name in enumerate(("view", "parse", "find"), 1))
RE, APP = Call("findall", "re.py", 9, "library"), Call("App.handle", "app.py", 1, "spruce")
STACKS = [((APP, VIEW, PARSE, RE), 3.0), ((APP, VIEW, FIND), 1.0), ((APP, VIEW), 1.0), ((APP,), 5.0)]


def test_each_box_lies_below_its_caller_and_is_as_wide_as_its_time() -> None:
    tree = make_tree("GET /", STACKS)
    drawn = [(box["node"].call.name, box["row"], box["left"], box["width"]) for box in boxes([tree])]
    assert drawn == [
        ("GET /", 0, 0.0, 100.0),
        ("App.handle", 1, 0.0, 100.0),
        ("view", 2, 0.0, 50.0),
        ("parse", 3, 0.0, 30.0),
        ("find", 3, 30.0, 10.0),
        ("findall", 4, 0.0, 30.0),
    ]


def test_one_call_alone_is_as_wide_as_all_below_the_way_to_it() -> None:
    tree = make_tree("GET /", STACKS)
    view = next(iter(next(iter(tree.below.values())).below.values()))
    way = find(tree, view.id)
    assert [node.call.name for node in way] == ["GET /", "App.handle", "view"]
    drawn = {box["node"].call.name: (box["row"], box["width"], box["above"]) for box in boxes(way)}
    assert drawn["App.handle"] == (1, 100.0, True)
    assert drawn["view"] == (2, 100.0, False)
    assert drawn["parse"] == (3, 60.0, False)
    assert find(tree, "nothing") == [tree]


def test_the_program_s_own_calls_are_left_with_what_they_call() -> None:
    assert own_calls((APP, RE, VIEW, RE, APP, PARSE)) == [VIEW, RE, PARSE]
    assert own_calls((APP, RE, APP)) == [APP]
    assert own_calls((APP, RE)) == [APP, RE]


def test_functions_count_once_what_calls_itself() -> None:
    tree = make_tree("GET /", [((VIEW, PARSE, VIEW), 2.0), ((VIEW,), 1.0)])
    assert [(one["call"].name, one["own"], one["total"]) for one in functions(tree)] == [
        ("view", 3.0, 3.0),
        ("parse", 0.0, 2.0),
    ]


def test_the_outline_has_what_counts_in_the_order_of_the_graph() -> None:
    tree = make_tree("GET /", STACKS)
    assert [(depth, node.call.name) for depth, node in outline(tree, least=0.2)] == [
        (0, "GET /"),
        (1, "App.handle"),
        (2, "view"),
        (3, "parse"),
        (4, "findall"),
    ]


def test_other_programs_can_read_it() -> None:
    stacks = [((VIEW, RE), 0.25), ((VIEW, Call("a;b", "x.py", 1, "own")), 0.5)]
    assert folded_text("GET /", stacks) == (
        "GET /;view (app.py:1);a:b (x.py:1) 500000\nGET /;view (app.py:1);findall (re.py:9) 250000\n"
    )
    made = speedscope("GET /", stacks)
    assert made["shared"]["frames"][1] == {"name": "findall", "file": "re.py", "line": 9}
    assert made["profiles"][0]["samples"] == [[0, 1], [0, 2]]
    assert made["profiles"][0]["weights"] == [0.25, 0.5]
    assert made["profiles"][0]["endValue"] == pytest.approx(0.75)
