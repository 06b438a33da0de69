"""How what is sent is compressed: by ISA-L where it is installed, else by zlib; not at all on the way to this machine.

ISA-L (`pip install 'spruce[isal]'`) takes a fifteenth of zlib's time for lines that are much alike, so it is worth it
even for a collector on the loopback, where zlib would cost more than the bytes it saves.
"""

import zlib
from importlib import import_module
from importlib.util import find_spec
from ipaddress import ip_address
from types import ModuleType
from typing import Any, Protocol

__all__ = ["Packer", "Plain", "is_loopback", "packer"]

_GZIP = 16 + zlib.MAX_WBITS
_FASTEST = 1
_FAST: ModuleType | None = import_module("isal.isal_zlib") if find_spec("isal") is not None else None  # an extra


class Packer(Protocol):
    """Makes one body of pieces: `compress` each of them, and `flush` at the end."""

    def compress(self, data: Any, /) -> bytes:
        """Take a piece; return what is ready, maybe nothing."""

    def flush(self) -> bytes:
        """Return the rest."""


class Plain:
    """A packer that leaves all as it is."""

    def compress(self, data: bytes, /) -> bytes:
        """Return the piece."""
        return data

    def flush(self) -> bytes:
        """Return nothing."""
        return b""


def is_loopback(host: str) -> bool:
    """Whether a host is this machine itself, as far as its name tells."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def packer(host: str, fast: ModuleType | None = _FAST) -> Packer:
    """Return a packer for one body to a host; `fast` is ISA-L's module, None where it isn't installed."""
    if fast is not None:
        made: Packer = fast.compressobj(_FASTEST, fast.DEFLATED, _GZIP)
        return made
    return Plain() if is_loopback(host) else zlib.compressobj(_FASTEST, zlib.DEFLATED, _GZIP)
