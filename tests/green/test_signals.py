"""Handlers that were set with `signal.signal`, in programs of their own."""

import os
import signal
import subprocess
import sys
import threading

import pytest

from spruce import green
from spruce.green.signals import woken_by_signals

PROGRAM = """
import os, signal, sys, threading
from spruce import green

def main():
    got = green.Event()
    signal.signal(signal.SIGUSR1, lambda *_: green.spawn(got.send, "got it"))
    threading.Thread(target=os.kill, args=(os.getpid(), signal.SIGUSR1)).start()
    return got.wait()

place = sys.argv[1]
print(main() if place == "script" else green.run(main, loop=place), signal.set_wakeup_fd(-1) == -1 or place == "script")
"""


@pytest.mark.parametrize("place", ["script", "lean", "asyncio", "uvloop"])
def test_what_a_handler_spawns_runs_at_once(place: str) -> None:
    """Though nothing else would ever end the loop's wait; what was set is taken back at the end."""
    ended = subprocess.run([sys.executable, "-c", PROGRAM, place], capture_output=True, text=True, timeout=60)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "got it True\n", "")


def test_what_somebody_else_has_set_stays() -> None:
    """Before, and meanwhile; another OS thread sets nothing."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)

    def main() -> None:
        mine = signal.set_wakeup_fd(writer)
        assert mine != -1

    signal.set_wakeup_fd(writer)
    try:
        green.run(lambda: None)
        assert signal.set_wakeup_fd(-1) == writer
        green.run(main, loop="asyncio")
        assert signal.set_wakeup_fd(-1) == writer
        other = threading.Thread(target=green.run, args=(lambda: None,))
        other.start()
        other.join()
        with woken_by_signals(object()):  # type: ignore[arg-type]  # a loop of another kind
            assert signal.set_wakeup_fd(-1) == -1
    finally:
        signal.set_wakeup_fd(-1)
        os.close(reader)
        os.close(writer)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_a_forked_child_does_not_wake_its_parent() -> None:
    def main() -> int:
        pid = os.fork()
        if not pid:
            os._exit(0 if signal.set_wakeup_fd(-1) == -1 else 1)
        return os.waitpid(pid, 0)[1]

    assert green.run(main, loop="asyncio") == 0
