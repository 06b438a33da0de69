"""Patched modules for explicit use."""

import socket
import sys
import threading
from pathlib import Path
from types import ModuleType

import pytest

from spruce import green
from spruce.patching import green_module, import_patched


def test_a_module_of_our_own_and_the_real_one_as_it_was() -> None:
    """Made once; its parts fit together."""
    patched = green_module("socket")
    assert patched is green_module("socket")
    assert patched.socket is green.GreenSocket
    assert socket.socket is not green.GreenSocket
    assert green_module("http.client").socket is patched


def test_threads_of_the_green_module_are_green() -> None:
    """And wait for each other with its events and queues."""

    def main() -> list[int]:
        threads, queues = green_module("threading"), green_module("queue")
        queue = queues.Queue()
        started = [threads.Thread(target=queue.put, args=(number,)) for number in range(3)]
        for thread in started:
            thread.start()
        got = [queue.get() for _ in started]
        for thread in started:
            thread.join()
        return got

    assert green.run(main) == [0, 1, 2]


def test_a_module_of_somebody_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is imported anew with its package; others see the one that they had."""
    package = tmp_path / "blocking_library"
    package.mkdir()
    (package / "__init__.py").write_text("from blocking_library import part\nimport time, given\n")
    (package / "part.py").write_text("import threading\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    given = ModuleType("given")
    patched = import_patched("blocking_library", ("given", given))
    assert patched.part.threading is green_module("threading") is not threading
    assert patched.time is green_module("time")
    assert patched.given is given
    assert "blocking_library" not in sys.modules
    assert "given" not in sys.modules
