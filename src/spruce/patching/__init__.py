"""Patches for the standard library, so that libraries written for blocking code share a process with green threads."""

from spruce.patching.modules import green_module, import_patched
from spruce.patching.originals import original
from spruce.patching.patcher import is_monkey_patched, monkey_patch

__all__ = ["green_module", "import_patched", "is_monkey_patched", "monkey_patch", "original"]
