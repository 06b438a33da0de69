"""Dictionaries whose keys have several values."""

import pytest

from spruce.errors.http import BadRequestKeyError
from spruce.http.multidict import MultiDict


def test_a_key_shows_its_first_value_and_lists_all() -> None:
    found = MultiDict([("a", "1"), ("b", "2"), ("a", "3")])
    assert found["a"] == "1"
    assert found.getlist("a") == ["1", "3"]
    assert found.getlist("c") == []
    assert dict(found.items()) == {"a": "1", "b": "2"}
    assert list(found.items(multi=True)) == [("a", "1"), ("a", "3"), ("b", "2")]
    assert found.to_dict(flat=False) == {"a": ["1", "3"], "b": ["2"]}
    assert found.to_dict() == {"a": "1", "b": "2"}


def test_a_missing_key_answers_the_request_with_400() -> None:
    with pytest.raises(BadRequestKeyError) as caught:
        MultiDict({"colour": "red"})["size"]
    assert str(caught.value) == "400 Bad Request: The request has no value for 'size'. It has 'colour'."


def test_values_are_made_into_a_type_where_they_can_be() -> None:
    """What cannot be made into the type counts as missing."""
    found = MultiDict({"page": ["two", "2"], "size": "3"})
    assert found.get("size", type=int) == 3
    assert found.get("page", 1, type=int) == 1
    assert found.get("none", 1, type=int) == 1
    assert found.getlist("page", type=int) == [2]


def test_changes() -> None:
    found: MultiDict[str] = MultiDict({"a": ["1", "2"]})
    found.add("a", "3")
    found["b"] = "4"
    found.setlist("c", ["5", "6"])
    found.update({"b": "7"}, d="8")
    assert found.setdefault("a", "9") == "1"
    assert found.setdefault("e", "10") == "10"
    assert list(found.lists()) == [
        ("a", ["1", "2", "3"]),
        ("b", ["4", "7"]),
        ("c", ["5", "6"]),
        ("d", ["8"]),
        ("e", ["10"]),
    ]
    assert found.pop("a") == "1"
    assert found.pop("a", "gone") == "gone"
    assert found.poplist("c") == ["5", "6"]
    del found["b"]
    assert list(found.keys()) == list(found) == ["d", "e"]
    assert list(found.values()) == ["8", "10"]
    assert list(found.listvalues()) == [["8"], ["10"]]
    found.clear()
    assert len(found) == 0


def test_a_copy_is_independent_and_equal_until_changed() -> None:
    found = MultiDict({"a": "1"})
    copy = found.copy()
    assert copy == found
    copy.add("a", "2")
    assert copy != found
    assert repr(copy) == "MultiDict([('a', '1'), ('a', '2')])"
