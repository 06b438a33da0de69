"""`spruce.eventlet.patcher` has eventlet's names, and they are those of `spruce.patching`."""

from spruce import eventlet, patching
from spruce.eventlet import patcher


def test_the_names_are_those_of_patching() -> None:
    for name in patcher.__all__:
        assert getattr(patcher, name) is getattr(patching, name)
    assert eventlet.monkey_patch is patching.monkey_patch
