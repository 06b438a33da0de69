"""The supervisor of prefork workers: it forks them, replaces those that die, and passes SIGTERM and SIGINT on.

It has no loop and no hub, since there may be none when it forks. Signals reach it through a pipe (`set_wakeup_fd`), so
it sleeps in one `select`. Each worker holds the reading end of another pipe, whose end of file tells it that the
supervisor was killed.
"""

import logging
import os
import select
import signal
import sys
import time
import traceback
from collections.abc import Callable
from contextlib import suppress

__all__ = ["Supervisor"]

_log = logging.getLogger("spruce.server")
_HEALTHY_SECONDS = 5.0
_FIRST_DELAY = 0.1
_LONGEST_DELAY = 10.0
_REPLACE_ME = 75  # how a worker exits that has ended by itself, as EX_TEMPFAIL of sysexits.h
_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD)


class Supervisor:
    """Keeps `count` processes running `work(parent)`, where `parent` is the descriptor that ends with the supervisor.

    A worker that dies, or ends by itself because `work` returned True, is replaced at once; those that die within 5 s
    of their start are replaced after a delay that doubles from 0.1 s to 10 s. When told to stop, it calls
    `stop_listening` and gives workers `grace` seconds to end. The end of file of `parent`, a descriptor of who started
    this process, is such a sign too.
    """

    def __init__(
        self,
        work: Callable[[int], bool],
        count: int,
        grace: float,
        stop_listening: Callable[[], None],
        parent: int | None = None,
    ) -> None:
        self.work = work
        self.stop_listening = stop_listening
        self.count = count
        self.grace = grace
        self.parent = parent
        self.workers: dict[int, float] = {}
        self.failures = 0
        self.next_start = 0.0
        self.life, self.leash = os.pipe()
        self.signals, self.signal_writer = os.pipe()

    def run(self) -> None:
        """Start the workers and watch over them until SIGTERM or SIGINT; return when all have ended."""
        before = self._take_signals()
        try:
            while not self._stop_asked(self._wait_seconds()):
                self._reap()
                self._start_missing()
        finally:
            self._end_workers()
            self._give_signals_back(before)
            for descriptor in (self.life, self.leash, self.signals, self.signal_writer):
                os.close(descriptor)

    # Signals

    def _take_signals(self) -> dict[int, object]:
        for descriptor in (self.signals, self.signal_writer):
            os.set_blocking(descriptor, False)
        signal.set_wakeup_fd(self.signal_writer, warn_on_full_buffer=False)
        return {number: signal.signal(number, lambda *_: None) for number in _SIGNALS}

    def _give_signals_back(self, before: dict[int, object]) -> None:
        signal.set_wakeup_fd(-1)
        for number, handler in before.items():
            signal.signal(number, handler)  # type: ignore[arg-type] # what signal.signal returned

    def _stop_asked(self, seconds: float | None) -> bool:
        """Wait for a signal; tell whether one was to stop, or the parent has gone."""
        watched = [self.signals] if self.parent is None else [self.signals, self.parent]
        if self.parent in select.select(watched, [], [], seconds)[0]:
            return True
        try:
            numbers = os.read(self.signals, 4096)
        except BlockingIOError:
            return False
        return signal.SIGTERM in numbers or signal.SIGINT in numbers

    # Workers

    def _wait_seconds(self) -> float | None:
        return None if len(self.workers) == self.count else max(0.0, self.next_start - time.monotonic())

    def _start_missing(self) -> None:
        while len(self.workers) < self.count and time.monotonic() >= self.next_start:
            self._fork()

    def _fork(self) -> None:
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        # Without this a signal between the fork and the worker's own handlers would be lost to the worker.
        signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
        pid = os.fork()
        if pid:
            self.workers[pid] = time.monotonic()
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
            return
        code = 1
        try:
            self._become_worker()
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
            code = _REPLACE_ME if self.work(self.life) else 0
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else 1
        except BaseException:
            traceback.print_exc()
        finally:
            with suppress(Exception):
                sys.stdout.flush()
                sys.stderr.flush()
            os._exit(code)

    def _become_worker(self) -> None:
        signal.set_wakeup_fd(-1)
        for number in _SIGNALS:
            signal.signal(number, signal.SIG_DFL)
        for descriptor in (self.leash, self.signals, self.signal_writer):
            os.close(descriptor)

    def _reap(self) -> None:
        for pid, started in list(self.workers.items()):
            ended, status = os.waitpid(pid, os.WNOHANG)
            if ended:
                del self.workers[pid]
                self._note_death(pid, os.waitstatus_to_exitcode(status), time.monotonic() - started)

    def _note_death(self, pid: int, code: int, lived: float) -> None:
        if code == _REPLACE_ME:
            _log.info("worker %d has answered its last request after %.1f s; another one starts", pid, lived)
            return
        self.failures = self.failures + 1 if lived < _HEALTHY_SECONDS else 0
        delay = min(_FIRST_DELAY * 2 ** (self.failures - 1), _LONGEST_DELAY) if self.failures else 0.0
        self.next_start = time.monotonic() + delay
        how = f"was killed by signal {-code} ({signal.Signals(-code).name})" if code < 0 else f"exited with {code}"
        _log.error("worker %d %s after %.1f s; another one starts in %.1f s", pid, how, lived, delay)

    def _end_workers(self) -> None:
        """Ask the workers to end; kill those that have not after the grace time and a second."""
        self._kill_all(signal.SIGTERM)
        self.stop_listening()
        deadline = time.monotonic() + self.grace + 1
        while self.workers and time.monotonic() < deadline:
            select.select([self.signals], [], [], 0.05)
            with suppress(BlockingIOError):
                os.read(self.signals, 4096)
            for pid in list(self.workers):
                if os.waitpid(pid, os.WNOHANG)[0]:
                    del self.workers[pid]
        self._kill_all(signal.SIGKILL)
        for pid in self.workers:
            os.waitpid(pid, 0)

    def _kill_all(self, number: int) -> None:
        for pid in self.workers:
            with suppress(ProcessLookupError):
                os.kill(pid, number)
