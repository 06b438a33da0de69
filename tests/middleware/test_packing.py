"""Packing: the values of a session come back as what they were."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import IntEnum
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

from spruce.errors import SessionError
from spruce.middleware.packing import pack, unpack

VALUES = [
    None,
    True,
    3,
    2.5,
    "熊猫 \x00 '\"",
    [1, [2]],
    (1, (2, [3])),
    {"a": {"b": (1,)}},
    {1, 2},
    b"\x00\xff",
    datetime(2026, 1, 2, 3, 4, 5, 6, UTC),
    datetime(2026, 1, 2),  # noqa: DTZ001 - naive times come back as such
    date(2026, 1, 2),
    timedelta(days=1, microseconds=5),
    Decimal("1.10"),
    UUID(int=7),
    Markup("<b>bold</b>"),
    {" t": [1, 2]},
    {" d": {" t": 1}},
]


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_a_value_comes_back_as_what_it_was(value: Any) -> None:
    """In its type too."""
    found = unpack(pack({"key": value}))["key"]
    assert (found, type(found)) == (value, type(value))


@given(st.recursive(st.none() | st.integers() | st.text(), lambda one: st.lists(one) | st.dictionaries(st.text(), one)))
def test_whatever_json_can_hold_comes_back(value: Any) -> None:
    assert unpack(pack({"key": value})) == {"key": value}


def test_an_enumeration_is_kept_as_what_it_is_made_of() -> None:
    colour = IntEnum("colour", ["RED"])
    assert unpack(pack({"colour": colour.RED})) == {"colour": 1}


def test_what_cannot_be_kept_is_named() -> None:
    with pytest.raises(SessionError) as caught:
        pack({"fine": 1, "user": [object]})
    assert str(caught.value) == (
        "session['user'] holds a type, which cannot be kept: <class 'object'>. "
        "Keep texts, numbers, dates, lists and dicts with text keys; of a row of the database its id."
    )
    with pytest.raises(SessionError, match=r"^session\['a'\] holds a dict, which cannot be kept: \{1: 2\}\."):
        pack({"a": {1: 2}})


def test_a_key_is_a_text() -> None:
    with pytest.raises(SessionError, match=r"^the session has the key 1, which is int\. Keys are texts: str\(key\)\.$"):
        pack({1: 2})  # type: ignore[dict-item] # the point of the test


def test_what_was_not_packed_is_refused() -> None:
    for text in ("[]", "nothing", ""):
        with pytest.raises(ValueError):  # noqa: PT011 - the text is that of the json module
            unpack(text)
