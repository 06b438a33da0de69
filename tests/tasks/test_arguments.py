"""What a job is called with."""

from types import SimpleNamespace
from typing import Any

import pytest

from spruce.errors import InvalidTask
from spruce.tasks.arguments import dumped, given, packed, unpacked
from spruce.tasks.results import TaskResultStatus


def test_what_json_carries_comes_back() -> None:
    args = ["熊猫", 2**70, 1.5, None, True, [1, {"a": [{}]}]]
    assert unpacked(packed("t", args, {"x": "\0"}, {"h": "1"})) == (args, {"x": "\0"}, {"h": "1"})


def test_plain_arguments_are_given_as_they_are() -> None:
    """They are what JSON gives back, of the same types; what may not be has to be asked."""
    args, kwargs = ["熊猫", 2**70, 1.1, -0.0, None, True, "\ud800"], {"x": 0.1 + 0.2}
    assert repr(given(args, kwargs)) == repr(unpacked(packed("t", args, kwargs, {}))[:2])
    assert given([(1, 2)], {}) is given([], {"x": TaskResultStatus.READY}) is None


def test_a_tuple_becomes_a_list() -> None:
    assert unpacked(packed("t", [(1, 2)], {}, {}))[0] == [[1, 2]]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (b"ab", "t: argument 1 is bytes b'ab', which JSON does not carry. Keep it in a storage and pass its name."),
        (
            [{"a": {1}}],
            "t: argument 1[0]['a'] is set {1}, which JSON does not carry. Pass plain values: texts, numbers, lists and "
            "dicts of them; str(value) where that says it all.",
        ),
        ({3: 1}, "t: argument 1 has the key 3, and keys in JSON are texts. Write '3'."),
        (float("nan"), "t: argument 1 is nan, which JSON has not. Pass None, or a text."),
        (
            SimpleNamespace(pk=7),
            "t: argument 1 is SimpleNamespace namespace(pk=7), which JSON does not carry. Pass its pk, and load it in "
            "the task: it may have changed by then.",
        ),
    ],
)
def test_what_it_does_not_carry_is_refused(value: Any, text: str) -> None:
    with pytest.raises(InvalidTask) as refused:
        packed("t", [value], {}, {})
    assert str(refused.value) == text


def test_a_keyword_is_named() -> None:
    with pytest.raises(InvalidTask, match=r"^t: user=\[1\] is object "):
        packed("t", [], {"user": [0, object()]}, {})


def test_a_value_is_written_as_json() -> None:
    assert [dumped(value, "t") for value in (None, 1, ["a", 1.5])] == ["null", "1", '["a",1.5]']
    with pytest.raises(InvalidTask, match=r"^t: its value is object "):
        dumped(object(), "t")
