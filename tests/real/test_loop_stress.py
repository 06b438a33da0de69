"""Green threads of all depths on the lean loop: no crash, no wrong byte."""

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parent / "loop_stress.py"


def stress(seed: int, seconds: int) -> None:
    """Run the script in a process of its own, which a fault would end with a signal."""
    command = [sys.executable, str(SCRIPT), str(seed), str(seconds)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    resumed, moved = map(int, done.stdout.split())
    assert resumed > 1000
    assert moved > 100


@pytest.mark.parametrize("seed", [1, 2])
def test_greenlets_of_all_depths_are_resumed_from_everywhere(seed: int) -> None:
    """For a second each."""
    stress(seed, 1)


@pytest.mark.soak
@pytest.mark.timeout(600)
@pytest.mark.parametrize("seed", range(10, 20))
def test_greenlets_of_all_depths_are_resumed_from_everywhere_for_long(seed: int) -> None:
    """Half a minute each."""
    stress(seed, 30)
