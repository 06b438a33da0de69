"""How values become bytes for stores outside of this process, and what comes back.

A serializer is any object with `dumps(value) -> bytes` and `loads(data)`. MessagePack is the default: small, fast,
and safe to read whoever wrote it. What it has no form for, or would give back as something else (a tuple as a list, a
Decimal as a text), is wrapped here, so a value comes back equal and of the same type, or is refused when it is set.
"""

import datetime as dt
import decimal
import pickle
import uuid
from collections.abc import Callable
from typing import Any, Protocol

import msgspec
from msgspec.msgpack import Ext

from spruce.cache.stores import Envelope
from spruce.errors import CacheValueError

__all__ = ["Codec", "JSONSerializer", "MsgpackSerializer", "PickleSerializer", "Serializer"]


class Serializer(Protocol):
    """What turns values into bytes and back."""

    def dumps(self, value: Any) -> bytes:
        """The value as bytes. Raises CacheValueError if it has no such form."""
        ...

    def loads(self, data: bytes) -> Any:
        """The value that `dumps` was given."""
        ...


_pack = msgspec.msgpack.Encoder().encode
_SCALARS = frozenset({str, int, float, bool, bytes, type(None)})
_LARGEST, _SMALLEST = 2**64 - 1, -(2**63)  # of MessagePack's whole numbers
_LARGE, _DICT = 10, 11  # extensions for larger ones, and for dicts whose keys aren't texts

_WRITERS: dict[type, tuple[int, Callable[[Any], bytes]]] = {
    decimal.Decimal: (1, lambda value: str(value).encode()),
    uuid.UUID: (2, lambda value: value.bytes),
    dt.datetime: (3, lambda value: value.isoformat().encode()),
    dt.date: (4, lambda value: value.isoformat().encode()),
    dt.time: (5, lambda value: value.isoformat().encode()),
    dt.timedelta: (6, lambda value: _pack([value.days, value.seconds, value.microseconds])),
    tuple: (7, lambda value: _pack([_wrap(one) for one in value])),
    set: (8, lambda value: _pack([_wrap(one) for one in value])),
    frozenset: (9, lambda value: _pack([_wrap(one) for one in value])),
}

_READERS: dict[int, Callable[[bytes], Any]] = {
    1: lambda data: decimal.Decimal(data.decode()),
    2: lambda data: uuid.UUID(bytes=data),
    3: lambda data: dt.datetime.fromisoformat(data.decode()),
    4: lambda data: dt.date.fromisoformat(data.decode()),
    5: lambda data: dt.time.fromisoformat(data.decode()),
    6: lambda data: dt.timedelta(*_unpacked(data)),
    7: lambda data: tuple(_unpacked(data)),
    8: lambda data: set(_unpacked(data)),
    9: lambda data: frozenset(_unpacked(data)),
    _LARGE: lambda data: int(data.decode()),
    _DICT: lambda data: dict(_unpacked(data)),
}


def _read(code: int, data: memoryview) -> Any:
    return _READERS[code](bytes(data))


_unpack = msgspec.msgpack.Decoder(ext_hook=_read).decode


def _unpacked(data: bytes) -> Any:
    return _unpack(data)


def _wrap(value: Any) -> Any:
    """The value with everything inside of it that MessagePack lacks as an extension."""
    kind = type(value)
    if kind is int and not _SMALLEST <= value <= _LARGEST:
        return Ext(_LARGE, str(value).encode())
    if kind in _SCALARS:
        return value
    if kind is list:
        return [_wrap(one) for one in value]
    if kind is dict:
        if all(type(key) is str for key in value):
            return {key: _wrap(one) for key, one in value.items()}
        return Ext(_DICT, _pack([[_wrap(key), _wrap(one)] for key, one in value.items()]))
    if kind in _WRITERS:
        code, write = _WRITERS[kind]
        return Ext(code, write(value))
    raise CacheValueError(
        f"a value of the type {kind.__name__} has no form in MessagePack",
        hint="Cache plain data made from it, or set SERIALIZER to 'pickle' for a cache that only you can write to.",
    )


class MsgpackSerializer:
    """MessagePack, with extensions for Decimal, UUID, dates, times, tuples and sets."""

    def dumps(self, value: Any) -> bytes:
        """The value as MessagePack."""
        return _pack(_wrap(value))

    def loads(self, data: bytes) -> Any:
        """The value again. Raises ValueError for what is no MessagePack of ours."""
        try:
            return _unpack(data)
        except (msgspec.DecodeError, KeyError, ArithmeticError) as error:
            raise ValueError(f"this is not what MsgpackSerializer writes: {error}") from error


class JSONSerializer:
    """JSON, for caches that others read too: only what comes back the same, so no tuples, dates or keys but texts."""

    def dumps(self, value: Any) -> bytes:
        """The value as JSON."""
        self._check(value)
        return msgspec.json.encode(value)

    def loads(self, data: bytes) -> Any:
        """The value again. Raises ValueError for what is no JSON."""
        try:
            return msgspec.json.decode(data)
        except msgspec.DecodeError as error:
            raise ValueError(f"this is not JSON: {error}") from error

    def _check(self, value: Any) -> None:
        kind = type(value)
        if kind is list:
            for one in value:
                self._check(one)
        elif kind is dict and all(type(key) is str for key in value):
            for one in value.values():
                self._check(one)
        elif kind is bytes or kind not in _SCALARS or (kind is float and not _is_finite(value)):
            raise CacheValueError(
                f"{value!r:.80} does not come back from JSON as it was",
                hint="Cache texts, numbers, lists and dicts with texts as keys, or use another SERIALIZER.",
            )


def _is_finite(value: float) -> bool:
    return value - value == 0


class PickleSerializer:
    """Pickle: any Python object. Whoever can write to the store can run code here, so it is by choice only."""

    def dumps(self, value: Any) -> bytes:
        """The value as a pickle."""
        try:
            return pickle.dumps(value, pickle.HIGHEST_PROTOCOL)
        except Exception as error:
            raise CacheValueError(f"a value of the type {type(value).__name__} cannot be pickled: {error}") from error

    def loads(self, data: bytes) -> Any:
        """The value again; runs what the pickle says."""
        return pickle.loads(data)  # noqa: S301 - chosen in the settings, where this is written


_ENVELOPE = 0xC1  # the one byte that MessagePack never uses; neither JSON nor a pickle begins with it
_DIGITS = frozenset(b"-0123456789")


class Codec:
    """Values to bytes with a serializer; whole numbers as digits, which the store itself can add to."""

    def __init__(self, serializer: Serializer) -> None:
        self._dumps = serializer.dumps
        self._loads = serializer.loads

    def encode(self, value: Any) -> bytes:
        """The bytes of a value or an Envelope."""
        if type(value) is int:
            return str(value).encode()
        if type(value) is Envelope:
            about = _pack([value.fresh, value.cost, value.tags])
            return b"%c%s%s%s" % (_ENVELOPE, len(about).to_bytes(4), about, self.encode(value.value))
        return self._dumps(value)

    def decode(self, data: bytes) -> Any:
        """The value or the Envelope again. Raises ValueError for what was written in another way."""
        first = data[0] if data else 0
        if first == _ENVELOPE:
            end = 5 + int.from_bytes(data[1:5])
            about = _unpack(data[5:end])
            if type(about) is not list or len(about) != 3:
                raise ValueError("this says to be an envelope, and is none")
            return Envelope(self.decode(data[end:]), *about)
        if first in _DIGITS:
            try:
                return int(data)
            except ValueError:
                pass
        return self._loads(data)
