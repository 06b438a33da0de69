"""Texts that are made when they are shown."""

import copy
import pickle

import pytest

from spruce.i18n import LazyText

MADE = LazyText(lambda: "Not Found")


def test_it_behaves_as_its_text() -> None:
    assert str(MADE) == "Not Found" == MADE
    assert LazyText(lambda: "Not Found") == MADE
    assert hash(MADE) == hash("Not Found")
    assert f"{MADE:>10}|{MADE.upper()}|{MADE[0]}" == " Not Found|NOT FOUND|N"
    assert (MADE + "!", "= " + MADE) == ("Not Found!", "= Not Found")
    assert (len(MADE), "Found" in MADE, list(MADE)[:3], bool(LazyText(str))) == (9, True, ["N", "o", "t"], False)
    assert sorted([LazyText(lambda: "b"), LazyText(lambda: "a")]) == ["a", "b"]
    assert repr(MADE) == "<lazy 'Not Found'>"


def test_filling_it_in_waits_too() -> None:
    """`lazy % values` is lazy."""
    words = ["%d pages"]
    filled = LazyText(lambda: words[0]) % 3
    words[0] = "%d feuilles"
    assert filled == "3 feuilles"


def test_copies_are_plain_texts() -> None:
    """What is pickled is shown elsewhere, later."""
    assert pickle.loads(pickle.dumps(MADE)) == "Not Found"
    assert type(copy.deepcopy(MADE)) is str


def test_what_text_has_not_it_has_not() -> None:
    with pytest.raises(AttributeError):
        _ = MADE.__html__
