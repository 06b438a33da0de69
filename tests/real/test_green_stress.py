"""Thousands of green threads doing everything at once: no crash, nothing left. The loops' memory hazard is closed."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

LOOPS = ["lean", "asyncio", "uvloop"]
SECONDS = 20
SOAK_SECONDS = 600


def stress(loop: str, seconds: int, seed: int) -> None:
    program = Path(__file__).with_name("green_stress.py")
    command = [sys.executable, "-W", "error", "-X", "faulthandler", str(program), loop, str(seconds), str(seed)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=seconds * 3 + 60, check=False)
    assert (ended.stderr, ended.returncode) == ("", 0), f"with seed {seed}"
    report = json.loads(ended.stdout)
    assert report["after"] == report["before"], f"with seed {seed}"
    assert all(count > 0 for count in report["done"].values())


@pytest.mark.parametrize("loop", LOOPS)
def test_stress(loop: str) -> None:
    """Some seconds in each run of the tests."""
    stress(loop, SECONDS, seed=1)


@pytest.mark.soak
@pytest.mark.timeout(3 * SOAK_SECONDS)
@pytest.mark.parametrize("loop", LOOPS)
def test_long_stress(loop: str) -> None:
    """Ten minutes per loop."""
    stress(loop, SOAK_SECONDS, seed=2)
