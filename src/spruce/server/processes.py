"""What supervising processes need of the system: signals that can be waited for, forks that start clean, memory.

Neither of Spruce's supervising processes has a loop, a hub or an OS thread of its own, since they fork. Each sleeps in
one `select`: signals reach it through a pipe (`set_wakeup_fd`).
"""

import faulthandler
import math
import os
import select
import signal
import subprocess
import sys
import threading
import traceback
from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

__all__ = [
    "ENOUGH",
    "HAND_OVER",
    "PULSE_SECONDS",
    "TELL",
    "EarlyEnd",
    "Post",
    "Signals",
    "bury_strangers",
    "fork",
    "kill",
    "resident_bytes",
    "wait_for_end",
]

PULSE_SECONDS = 0.5
TELL: int = signal.SIGRTMIN + 7 if hasattr(signal, "SIGRTMIN") else getattr(signal, "SIGUSR2", 0)
"""The signal that asks a process for its stack."""
HAND_OVER: signal.Signals = getattr(signal, "SIGQUIT", signal.SIGTERM)  # Windows, which has no workers, has neither
"""The signal that ends a process in whose place another one serves."""
ENOUGH = b"\2"
"""What a worker writes to its pulse when another one is to take its place."""
_LONGEST_SPEECH = 60_000  # bytes: what a pipe takes at once


@dataclass(frozen=True, slots=True)
class Post:
    """What a child has of the process that watches it: `life` ends with that process, `pulse` can be written to.

    A zero byte there says that the child serves, and later that its loop turns; `ENOUGH` that it will end; anything
    else is said to the reader.
    """

    life: int
    pulse: int
    first: bool = False
    """Whether nobody else serves yet."""

    def beat(self) -> None:
        """Show that the loop turns; the first time, that this process serves."""
        with suppress(BlockingIOError, BrokenPipeError):
            os.write(self.pulse, b"\0")

    def leave(self) -> None:
        """Say that this process takes no more requests and ends when it has answered those that it has."""
        with suppress(BlockingIOError, BrokenPipeError):
            os.write(self.pulse, ENOUGH)

    def say(self, text: str) -> None:
        """Tell why this process cannot serve."""
        with suppress(BlockingIOError, BrokenPipeError):
            os.write(self.pulse, text.encode("utf-8", "backslashreplace")[:_LONGEST_SPEECH])

    def answer_for_stacks(self) -> None:
        """From now on, the signal `TELL` has the stack of this OS thread written to `pulse`."""
        faulthandler.register(TELL, self.pulse, all_threads=False)


class Signals:
    """The signals of these numbers, taken from entering to leaving the block: `wait` returns those that came."""

    def __init__(self, *numbers: signal.Signals) -> None:
        self.numbers = numbers
        self._before: dict[int, object] = {}
        self._reader = self._writer = -1

    def __enter__(self) -> "Signals":
        self._reader, self._writer = os.pipe()
        for descriptor in (self._reader, self._writer):
            os.set_blocking(descriptor, False)
        signal.set_wakeup_fd(self._writer, warn_on_full_buffer=False)
        self._before = {number: signal.signal(number, lambda *_: None) for number in self.numbers}
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        signal.set_wakeup_fd(-1)
        for number, handler in self._before.items():
            signal.signal(number, handler)  # type: ignore[arg-type] # what signal.signal returned
        self._close()

    def wait(self, seconds: float | None, descriptors: Iterable[int] = ()) -> tuple[set[int], set[int]]:
        """Wait until a signal comes or a descriptor can be read; return which did. None waits for ever."""
        poll = select.poll()
        for descriptor in (self._reader, *descriptors):
            poll.register(descriptor, select.POLLIN)
        readable = {descriptor for descriptor, _ in poll.poll(None if seconds is None else math.ceil(seconds * 1000))}
        came: set[int] = set()
        if self._reader in readable:
            readable.remove(self._reader)
            with suppress(BlockingIOError):
                came.update(os.read(self._reader, 4096))
        return came, readable

    def block(self) -> None:
        """Let the signals wait."""
        signal.pthread_sigmask(signal.SIG_BLOCK, self.numbers)

    def unblock(self) -> None:
        """Let those that waited come."""
        signal.pthread_sigmask(signal.SIG_UNBLOCK, self.numbers)

    def forget(self) -> None:
        """In a forked child: the signals do again what they do by themselves."""
        signal.set_wakeup_fd(-1)
        for number in self.numbers:
            signal.signal(number, signal.SIG_DFL)
        self._close()

    def _close(self) -> None:
        os.close(self._reader)
        os.close(self._writer)


class EarlyEnd:
    """SIGTERM and SIGINT before there is a loop that takes them: each ends the program with status 0, as it does later.

    Once `held`, a signal is only noted in `came`, for a loop that begins and must not be torn apart. Outside of the
    main thread, where no signal arrives, nothing is done.
    """

    def __init__(self) -> None:
        self.came = self.held = False
        self._before: dict[int, object] = {}

    def __enter__(self) -> "EarlyEnd":
        if threading.current_thread() is threading.main_thread():
            self._before = {number: signal.signal(number, self._take) for number in (signal.SIGTERM, signal.SIGINT)}
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)  # type: ignore[arg-type] # what signal.signal returned

    def _take(self, *_: object) -> None:
        self.came = True
        if not self.held:
            raise SystemExit(0)


def fork(job: Callable[[], int], signals: Signals, ignored: Sequence[signal.Signals] = ()) -> int:
    """Run `job` in a child, which exits with what it returns, and return the child's process id.

    The child gets the default actions for `signals`, or none for those that are `ignored`; a signal that is sent right
    after the fork waits until then.
    """
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    signals.block()
    pid = os.fork()
    if pid:
        signals.unblock()
        return pid
    code = 1
    try:
        signals.forget()
        for number in ignored:
            signal.signal(number, signal.SIG_IGN)
        signals.unblock()
        code = job()
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        traceback.print_exc()
    finally:
        with suppress(Exception):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)


def kill(pid: int, number: signal.Signals | int) -> None:
    """Send a signal to a child, which may have ended."""
    with suppress(ProcessLookupError):
        os.kill(pid, number)


def wait_for_end(pid: int, *, block: bool = False) -> int | None:
    """Return how a child has ended, minus the number of the signal if one killed it; None while it runs."""
    ended, status = os.waitpid(pid, 0 if block else os.WNOHANG)
    return os.waitstatus_to_exitcode(status) if ended else None


def bury_strangers(own: Collection[int]) -> None:
    """As the first process of a container: let go of processes that have ended and lost their parents before.

    Those that are one's `own` are left to `wait_for_end`.
    """
    if os.getpid() != 1:
        return
    with suppress(ChildProcessError):
        while (ended := os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)) and ended.si_pid not in own:
            os.waitpid(ended.si_pid, 0)


def resident_bytes(pid: int) -> int:
    """Return how much memory a process has in RAM, what it shares with others included; 0 if that cannot be told."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text("ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        told = subprocess.run(["ps", "-o", "rss=", "-p", str(pid)], capture_output=True, text=True, check=False)  # noqa: S603, S607 - macOS has no /proc
        return int(told.stdout) * 1024 if told.stdout.strip().isdigit() else 0
