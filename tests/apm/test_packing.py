"""Compression: by what is there, and only where it is worth it."""

import gzip

import pytest
from isal import isal_zlib

from spruce.apm.packing import Plain, is_loopback, packer


@pytest.mark.parametrize("fast", [isal_zlib, None])
def test_pieces_are_one_gzip_file(fast: object) -> None:
    """Whichever library makes it."""
    one = packer("apm.example", fast)  # type: ignore[arg-type] # the module, or None
    body = b"".join([one.compress(b"a" * 1000), one.compress(b"b"), one.flush()])
    assert gzip.decompress(body) == b"a" * 1000 + b"b"
    assert len(body) < 100


def test_zlib_is_not_worth_it_on_the_way_to_this_machine() -> None:
    """The bytes cost less; with ISA-L they don't."""
    one = packer("127.0.0.1", None)
    assert isinstance(one, Plain)
    assert (one.compress(b"a"), one.flush()) == (b"a", b"")
    assert not isinstance(packer("127.0.0.1", isal_zlib), Plain)


@pytest.mark.parametrize(
    ("host", "told"),
    [
        ("127.0.0.1", True),
        ("127.8.0.1", True),
        ("::1", True),
        ("localhost", True),
        ("apm.localhost", True),
        ("10.0.0.1", False),
        ("apm.example", False),
        ("", False),
    ],
)
def test_what_is_this_machine(host: str, told: bool) -> None:
    """By its address or its name, without asking anybody."""
    assert is_loopback(host) is told
