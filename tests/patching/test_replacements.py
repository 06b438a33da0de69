"""What is replaced."""

import importlib

import pytest

from spruce import green
from spruce.patching.replacements import GROUPS, replacements, sleep


def test_each_attribute_is_there_to_be_replaced() -> None:
    """In this Python's own modules; and each module belongs to a group."""
    for name, attributes in replacements().items():
        module = importlib.import_module(name)
        for path in attributes:
            found = module
            for part in path.split("."):
                found = getattr(found, part)
    assert sorted(replacements()) == sorted(module for modules in GROUPS.values() for module in modules)


def test_sleep() -> None:
    """Others run meanwhile; outside of green threads it is the system's."""

    def main() -> list[str]:
        log: list[str] = []
        thread = green.spawn(log.append, "meanwhile")
        sleep(0)
        assert thread.dead
        with pytest.raises(ValueError, match=r"^sleep length must be non-negative$"):
            sleep(-1)
        return log

    assert green.run(main) == ["meanwhile"]
    sleep(0)
