"""The standard library's own tests pass in a patched process, but for those that are named here with their reason.

The list may only shrink: a test on it that passes fails this one.
"""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).with_name("patched_stdlib.py")

COUNTS_OS_THREADS = "it counts OS threads, and a green thread is none"
KEPT_IN_PYTHON = "the socket's descriptor never blocks; its timeout is kept beside it"
PEEKS = "it looks at how the module is written, not at what it does"
INTERRUPTS = "a signal's exception comes in whichever green thread of the main OS thread runs"
EXPECTED = {
    "test_select.SelectTestCase.test_disallow_instantiation": PEEKS,
    "test_socket.GeneralModuleTests.testRefCountGetNameInfo": PEEKS,
    "test_socket.NonBlockingTCPTests.testInitNonBlocking": KEPT_IN_PYTHON,
    "test_socket.NonBlockingTCPTests.testSetBlocking": KEPT_IN_PYTHON,
    "test_socket.NonblockConstantTest.test_SOCK_NONBLOCK": KEPT_IN_PYTHON,
    "test_socket.TestExceptions.test_setblocking_invalidfd": KEPT_IN_PYTHON,
    "test_thread.ThreadRunningTests.test__count": COUNTS_OS_THREADS,
    "test_thread.ThreadRunningTests.test_unraisable_exception": "what a green thread fails with is logged instead",
    "test_threading.InterruptMainTests.test_can_interrupt_tight_loops": INTERRUPTS,
    "test_threading.InterruptMainTests.test_interrupt_main_subthread": INTERRUPTS,
    "test_threading.MiscTestCase.test__all__": PEEKS,
    "test_threading.ThreadTests.test_PyThreadState_SetAsyncExc": COUNTS_OS_THREADS,
    "test_threading.ThreadTests.test_various_ops": COUNTS_OS_THREADS,
    "test_threading.ThreadTests.test_various_ops_large_stack": COUNTS_OS_THREADS,
    "test_threading.ThreadTests.test_various_ops_small_stack": COUNTS_OS_THREADS,
}
"""By name below `test.`, on each Python."""

UNTIL_3_12 = {
    "test_threading.ThreadTests.test_disallow_instantiation": PEEKS,
    "test_threading.ThreadTests.test_foreign_thread": "a stand-in for a green thread is not kept in threading's list",
    "test_threading.ThreadTests.test_ident_of_no_threading_threads": "the same",
}
OF_VERSIONS = {
    (3, 11): {**UNTIL_3_12, "test_socket.NonBlockingTCPTests.testSetBlocking_overflow": KEPT_IN_PYTHON},
    (3, 12): UNTIL_3_12,
    (3, 13): {"test_threading.ThreadTests.test_lock_no_subclass": PEEKS},
}
VERSION = sys.version_info[:2]
EXPECTED |= OF_VERSIONS.get(VERSION, {})
NEVER_ENDS = {
    "test_logging.ConfigDictTest.test_config_queue_handler": "it spins until another thread has worked, without a wait",
}
"""Since Python 3.12."""

QUICK = ["test_context", "test_epoll", "test_queue.PySimpleQueueTest", "test_sched", "test_threading_local"]
LONG = ["test_poll", "test_select", "test_selectors", "test_thread"]
LONG += [
    "test_contextlib",
    "test_ftplib",
    "test_httplib",
    "test_imaplib",
    "test_logging",
    "test_poplib",
    "test_smtplib",
]
LONG += ["test_ssl", "test_subprocess", "test_threading", "test_urllib2_localnet", "test_wsgiref", "test_xmlrpc"]
LOCAL_NETWORK = ["test_socketserver", "test_timeout"]
SOCKET = ["BasicTCPTest", "BasicUDPTest", "BufferIOTest", "FileObjectClassTestCase", "GeneralModuleTests"]
SOCKET += [
    "InheritanceTest",
    "InterruptedRecvTimeoutTest",
    "InterruptedSendTimeoutTest",
    "NetworkConnectionBehaviourTest",
]
SOCKET += ["NonBlockingTCPTests", "NonblockConstantTest", "SendfileUsingSendTest", "SendmsgTCPTest"]
SOCKET += ["TCPTimeoutTest"]
SOCKET += ["SendmsgUnixStreamTest", "TestExceptions", "TestUnixDomain", "UDPTimeoutTest", "TestSocketSharing"]

pytestmark = pytest.mark.skipif(VERSION not in OF_VERSIONS, reason="there is no list for this Python")


def run(*names: str) -> None:
    """Run the tests; all must pass but those that are expected not to, and these must fail."""
    without = [f"--without={name}" for name in NEVER_ENDS if VERSION >= (3, 12)]
    ended = subprocess.run([sys.executable, SCRIPT, *without, *names], capture_output=True, text=True, errors="replace")
    assert ended.returncode == 0, ended.stderr
    report = json.loads(ended.stdout.splitlines()[-1])
    prefixes = tuple(f"{name}." for name in names if name[0] != "-")
    expected = {name for name in EXPECTED if name.startswith(prefixes)}
    assert {re.sub(r"^test\.", "", name) for name in report["failed"]} == expected, ended.stderr
    assert report["ran"] > 0


def test_every_test_on_the_list_is_run() -> None:
    """So that it can shrink."""
    names = tuple(f"{name}." for name in (*QUICK, *LONG, *(f"test_socket.{case}" for case in SOCKET)))
    assert [name for name in EXPECTED if not name.startswith(names)] == []


def test_quick_modules() -> None:
    """Selectors, queues, threads, contexts."""
    run(*QUICK)


@pytest.mark.soak
@pytest.mark.parametrize("module", LONG)
def test_long_modules(module: str) -> None:
    """TLS, processes, protocols."""
    run(module)


@pytest.mark.soak
def test_servers_and_timeouts() -> None:
    """What wants a network that is this machine."""
    run("--network", *LOCAL_NETWORK)


@pytest.mark.soak
@pytest.mark.parametrize("case", SOCKET)
def test_sockets(case: str) -> None:
    """By classes, since some need what few systems have."""
    run(f"test_socket.{case}")
