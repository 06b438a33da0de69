"""What ends a program or a thread, recorded."""

import subprocess
import sys
import threading
from typing import Any

import pytest
from tests.apm.conftest import Records

PROGRAM = """
import threading
from spruce import apm
client = apm.Client(disable_send=True, use_elastic_excepthook={})
apm.subscribe(lambda one: print(one.raised.type, one.raised.handled))
thread = threading.Thread(target=lambda: [][0])
thread.start()
thread.join()
1 / 0
"""


@pytest.mark.parametrize(("setting", "told"), [(True, "IndexError False\nZeroDivisionError False\n"), (False, "")])
def test_what_ends_a_program(setting: bool, told: str) -> None:
    """Python says so as well, as ever."""
    done = subprocess.run([sys.executable, "-c", PROGRAM.format(setting)], capture_output=True, text=True, check=False)
    assert done.stdout == told
    assert done.returncode == 1
    assert "IndexError" in done.stderr
    assert done.stderr.endswith("ZeroDivisionError: division by zero\n")


def test_it_ends_with_the_client(records: Records, make_client: Any) -> None:
    """Whoever has put another hook there keeps it."""
    before, before_in_threads = sys.excepthook, threading.excepthook
    client = make_client(USE_ELASTIC_EXCEPTHOOK=True)
    assert sys.excepthook is not before
    client.close()
    assert (sys.excepthook, threading.excepthook) == (before, before_in_threads)
    client = make_client(USE_ELASTIC_EXCEPTHOOK=True)
    mine = lambda *_: None  # noqa: E731 - it is to be compared
    sys.excepthook = mine
    client.close()
    assert sys.excepthook is mine
    sys.excepthook = before
