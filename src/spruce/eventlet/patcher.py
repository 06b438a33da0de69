"""`eventlet.patcher`: the standard library's blocking calls, replaced by what parks the green thread."""

from spruce.patching import import_patched, is_monkey_patched, monkey_patch, original
from spruce.patching.replacements import GROUPS

__all__ = ["import_patched", "is_monkey_patched", "monkey_patch", "original"]


def __getattr__(name: str) -> dict[str, bool]:
    """`already_patched`, a dict of what is patched now; it isn't kept anywhere."""
    if name == "already_patched":
        return {group: True for group in GROUPS if is_monkey_patched(group)}
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
