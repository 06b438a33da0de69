"""Values as bytes: what comes back, what is refused, what others wrote."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from spruce.cache.serializers import Codec, JSONSerializer, MsgpackSerializer, PickleSerializer
from spruce.cache.stores import Envelope
from spruce.errors import CacheValueError

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text()
    | st.binary()
    | st.decimals(allow_nan=False)
    | st.datetimes(timezones=st.just(dt.UTC))
    | st.dates()
    | st.times()
    | st.timedeltas()
    | st.uuids()
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner) | st.tuples(inner, inner) | st.dictionaries(st.text() | st.integers(), inner),
    max_leaves=10,
)


def same(one: Any, other: Any) -> bool:
    """Whether two values are equal, with the same types all the way down."""
    if type(one) is not type(other):
        return False
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    return bool(one == other)


@given(VALUES)
def test_messagepack_gives_back_what_it_was_given(value: Any) -> None:
    codec = Codec(MsgpackSerializer())
    assert same(codec.decode(codec.encode(value)), value)


@given(VALUES)
def test_an_envelope_keeps_its_value_and_what_is_written_on_it(value: Any) -> None:
    codec = Codec(MsgpackSerializer())
    envelope = Envelope(value, 1.5, 0.25, {"tag": "token"})
    found = codec.decode(codec.encode(envelope))
    assert type(found) is Envelope
    assert same(found.value, value)
    assert found[1:] == envelope[1:]


@example(b"\xc1\x00\x00\x00\x01\x07value")
@example(b"\xc1\x00\x00\x00\x02\x91\x07value")
@given(st.binary())
def test_whatever_bytes_are_read_only_a_valueerror_comes_of_it(data: bytes) -> None:
    for serializer in (MsgpackSerializer(), JSONSerializer()):
        try:
            Codec(serializer).decode(data)
        except ValueError:
            pass


def test_messagepack_refuses_what_would_come_back_as_something_else() -> None:
    class Point:
        pass

    with pytest.raises(CacheValueError) as caught:
        MsgpackSerializer().dumps({"point": [Point()]})
    assert str(caught.value) == (
        "a value of the type Point has no form in MessagePack. Cache plain data made from it, or set SERIALIZER to "
        "'pickle' for a cache that only you can write to."
    )


@pytest.mark.parametrize("value", [None, True, 1.5, "text", [1, {"a": [None]}], {}])
def test_json_gives_back_what_it_takes(value: Any) -> None:
    codec = Codec(JSONSerializer())
    assert same(codec.decode(codec.encode(value)), value)


@pytest.mark.parametrize("value", [(1,), {1: 2}, b"x", Decimal(1), float("nan"), [{"a": {1}}]])
def test_json_refuses_what_would_come_back_as_something_else(value: Any) -> None:
    with pytest.raises(CacheValueError, match="does not come back from JSON as it was"):
        Codec(JSONSerializer()).encode(value)


def test_pickle_takes_objects_and_says_what_it_cannot() -> None:
    codec = Codec(PickleSerializer())
    assert codec.decode(codec.encode(Decimal("1.5"))) == Decimal("1.5")
    with pytest.raises(CacheValueError, match="a value of the type function cannot be pickled"):
        codec.encode(lambda: 1)
