"""`eventlet.patcher`: the standard library's blocking calls, replaced by what parks the green thread."""

from spruce.patching import import_patched, is_monkey_patched, monkey_patch, original

__all__ = ["import_patched", "is_monkey_patched", "monkey_patch", "original"]
