"""Sizes on the command line."""

import click
import pytest

from spruce.cli.sizes import SIZE


@pytest.mark.parametrize(
    ("written", "size"),
    [("512", 512), ("1k", 1024), ("512M", 512 * 2**20), ("1.5G", 3 * 2**29), ("2 GiB", 2**31), ("1TB", 2**40)],
)
def test_sizes_have_units(written: str, size: int) -> None:
    assert SIZE.convert(written, None, None) == size
    assert SIZE.convert(size, None, None) == size


@pytest.mark.parametrize("written", ["", "much", "-1M", "0", "1X"])
def test_what_is_no_size_is_refused(written: str) -> None:
    with pytest.raises(click.BadParameter) as caught:
        SIZE.convert(written, None, None)
    assert caught.value.message == f"{written!r} is no size. Write a number of bytes, or one with K, M or G: 512M."
