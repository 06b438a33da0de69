"""`spruce.eventlet.patcher` has eventlet's names, and they are those of `spruce.patching`."""

import pytest

from spruce import eventlet, patching
from spruce.eventlet import patcher


def test_the_names_are_those_of_patching() -> None:
    for name in patcher.__all__:
        assert getattr(patcher, name) is getattr(patching, name)
    assert eventlet.monkey_patch is patching.monkey_patch


def test_what_is_patched() -> None:
    """In these tests nothing is."""
    assert patcher.already_patched == {}
    with pytest.raises(AttributeError, match=r"^module 'spruce\.eventlet\.patcher' has no attribute 'inject'$"):
        patcher.inject  # noqa: B018 - the look-up is what is tested
