"""Signals, forks and memory."""

import os
import signal
import subprocess
import sys
import threading

import pytest

from spruce.server.processes import EarlyEnd, Post, Signals, bury_strangers, kill, resident_bytes, wait_for_end


def test_signals_are_waited_for_beside_descriptors() -> None:
    reader, writer = os.pipe()
    with Signals(signal.SIGUSR2) as signals:
        assert signals.wait(0, [reader]) == (set(), set())
        os.kill(os.getpid(), signal.SIGUSR2)
        assert signals.wait(10, [reader]) == ({signal.SIGUSR2}, set())
        os.write(writer, b"x")
        assert signals.wait(10, [reader]) == (set(), {reader})
    for descriptor in (reader, writer):
        os.close(descriptor)


def test_handlers_of_before_are_put_back() -> None:
    before = signal.getsignal(signal.SIGUSR2)
    with Signals(signal.SIGUSR2):
        assert signal.getsignal(signal.SIGUSR2) is not before
    assert signal.getsignal(signal.SIGUSR2) is before


FORKED = """
import os, signal, sys
from spruce.server.processes import Signals, fork, wait_for_end

def job():
    assert signal.getsignal(signal.SIGINT) == signal.SIG_IGN
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL
    print("in the child")
    ENDING

with Signals(signal.SIGTERM, signal.SIGINT) as signals:
    print("in the parent")
    print("ended with", wait_for_end(fork(job, signals, ignored=[signal.SIGINT]), block=True))
"""


def run(program: str) -> "subprocess.CompletedProcess[str]":
    """Run it in a process of its own: this one has OS threads, and must not fork."""
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=30)


def test_a_child_starts_with_clean_signals_and_exits_with_its_status() -> None:
    ended = run(FORKED.replace("ENDING", "return 7"))
    assert (ended.stdout, ended.stderr) == ("in the parent\nin the child\nended with 7\n", "")


def test_what_a_child_raises_is_told_and_is_a_failure() -> None:
    ended = run(FORKED.replace("ENDING", "return 1 / 0"))
    assert ended.stdout.endswith("ended with 1\n")
    assert ended.stderr.endswith("ZeroDivisionError: division by zero\n")
    assert run(FORKED.replace("ENDING", "sys.exit(5)")).stdout.endswith("ended with 5\n")


EARLY_SIGNAL = """
import os
import signal
from spruce.server.processes import Signals, fork, wait_for_end

class Early(Signals):
    def forget(self):
        os.kill(os.getpid(), signal.SIGTERM)
        super().forget()

with Early(signal.SIGTERM) as signals:
    print(wait_for_end(fork(lambda: print("the signal was lost"), signals), block=True))
"""


def test_a_signal_right_after_the_fork_ends_the_child() -> None:
    """It waits until the child has its own handlers, rather than going to those of its parent."""
    ended = run(EARLY_SIGNAL)
    assert (ended.stdout, ended.stderr) == ("-15\n", "")


def test_a_post_carries_a_pulse_and_words() -> None:
    reader, writer = os.pipe()
    post = Post(-1, writer)
    post.beat()
    post.leave()
    post.say("no database")
    assert os.read(reader, 100) == b"\0\2no database"
    os.close(reader)
    post.beat()  # who has gone need not be told
    post.say("nobody hears this")
    os.close(writer)


def test_a_process_that_has_gone_is_not_killed_and_has_no_memory() -> None:
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    assert wait_for_end(child.pid) is None
    assert resident_bytes(child.pid) > 0
    child.communicate(b"\n")
    kill(child.pid, signal.SIGTERM)
    assert resident_bytes(child.pid) == 0
    assert resident_bytes(os.getpid()) > 1_000_000


STRANGERS = """
import os, subprocess, sys, time
from spruce.server import processes

processes.os.getpid = lambda: 1
stranger = subprocess.Popen([sys.executable, "-c", ""])
os.waitid(os.P_PID, stranger.pid, os.WEXITED | os.WNOWAIT)
processes.bury_strangers([stranger.pid])
print(processes.wait_for_end(stranger.pid))
stranger = subprocess.Popen([sys.executable, "-c", ""])
os.waitid(os.P_PID, stranger.pid, os.WEXITED | os.WNOWAIT)
processes.bury_strangers([])
print(stranger.poll())
try:
    os.waitpid(-1, 0)
except ChildProcessError:
    print("nobody is left")
"""


def test_the_first_process_of_a_container_buries_strangers_only() -> None:
    """Its own children are waited for by who started them."""
    bury_strangers([])  # this process is not the first one, and keeps its children
    assert run(STRANGERS).stdout == "0\n0\nnobody is left\n"


EARLY_END = """
import os
import signal
from spruce.server.processes import EarlyEnd

signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs begin with it ignored
with EarlyEnd() as early:
    early.held = HELD
    os.kill(os.getpid(), signal.NAME)
    print("came" if early.came else "lost")
os.kill(os.getpid(), signal.NAME)
"""


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT"])
def test_a_signal_before_there_is_a_loop_ends_the_program_well(name: str) -> None:
    ended = run(EARLY_END.replace("NAME", name).replace("HELD", "False"))
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")


@pytest.mark.parametrize(("name", "number"), [("SIGTERM", signal.SIGTERM), ("SIGINT", signal.SIGINT)])
def test_a_held_signal_is_noted_and_afterwards_it_does_what_it_did(name: str, number: signal.Signals) -> None:
    ended = run(EARLY_END.replace("NAME", name).replace("HELD", "True"))
    assert (ended.returncode, ended.stdout) == (-number, "came\n")


def test_outside_of_the_main_thread_no_signal_is_taken() -> None:
    before = signal.getsignal(signal.SIGTERM)

    def enter() -> None:
        with EarlyEnd():
            assert signal.getsignal(signal.SIGTERM) is before

    thread = threading.Thread(target=enter)
    thread.start()
    thread.join()
