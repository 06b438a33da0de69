"""Programs that patch themselves run in processes of their own, so that the tests' own stays as it is."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.fixture
def patched(tmp_path: Path) -> Callable[..., str]:
    """Run a program after `monkey_patch()`; it must end well. Return what it wrote, errors too."""

    def run(program: str, patch: str = "monkey_patch()") -> str:
        path = tmp_path / "program.py"
        path.write_text(f"from spruce.patching import monkey_patch\n{patch}\n{program}")
        ended = subprocess.run([sys.executable, "-W", "error", path], capture_output=True, text=True, timeout=60)
        assert ended.returncode == 0, ended.stdout + ended.stderr
        return ended.stdout + ended.stderr

    return run
