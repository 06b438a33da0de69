"""The supervisor of prefork workers: it forks them from a process that has loaded the application, and watches them.

Each worker holds the reading end of one pipe, whose end of file tells it that the supervisor was killed, and the
writing end of another, its pulse: a zero byte when it listens, and then twice a second while its loop turns. A worker
without a pulse is asked by a signal for its stack, which the interpreter writes into the same pipe even while other
code holds its lock (`faulthandler`). It is named after a second, and killed and replaced after `hang_seconds`. Looks
are counted, not seconds, so that a machine that slept kills nobody.
"""

import logging
import math
import os
import re
import signal
import sysconfig
import time
from collections.abc import Callable
from dataclasses import dataclass

from spruce.server.processes import (
    ENOUGH,
    HAND_OVER,
    PULSE_SECONDS,
    TELL,
    Post,
    Signals,
    fork,
    kill,
    resident_bytes,
    wait_for_end,
)

__all__ = ["Supervisor", "Watch", "described"]

_log = logging.getLogger("spruce.server")
_HEALTHY_SECONDS = 5.0
_FIRST_DELAY = 0.1
_LONGEST_DELAY = 10.0
_REPLACE_ME = 75  # how a worker exits that has ended by itself, as EX_TEMPFAIL of sysexits.h
_NAMED_AFTER = 3  # looks without a pulse: more than a second
_FRAME = re.compile(r'^  File "(.*)", line (\d+) in (.*)$', re.MULTILINE)
_LIBRARIES = (*{sysconfig.get_path(name) for name in ("stdlib", "purelib", "platlib")}, os.path.dirname(__file__))


@dataclass(frozen=True, slots=True)
class Watch:
    """When a worker is replaced although it lives.

    `hang_seconds` is how long its loop may stand still, None: for ever. `max_memory` is in bytes, looked at once it has
    served for 5 s. `grace` is how many seconds one that is told to end may take.
    """

    grace: float
    hang_seconds: float | None = None
    max_memory: int | None = None


@dataclass(slots=True)
class _Worker:
    pid: int
    pulse: int
    started: float
    serves: bool = False
    beats: bool = False  # since the last look
    mute: bool = False  # its pulse has ended
    missed: int = 0
    stack: str = ""
    deadline: float | None = None  # when it is killed, once it was told to end


class Supervisor:
    """Keeps `count` processes running `work(post)`.

    A worker that dies, or ends by itself because `work` returned True, is replaced at once; those that die within 5 s
    of their start are replaced after a delay that doubles from 0.1 s to 10 s. Its own `post` is told once, when
    all serve; when a worker dies before, so does the whole. When told to stop by SIGTERM, or by the end of `post`, it
    calls `stop_listening` and gives workers the grace time to end; told again, workers are hurried. On
    `HAND_OVER` they leave to others what they have not accepted.
    """

    def __init__(
        self,
        work: Callable[[Post], bool],
        count: int,
        watch: Watch,
        stop_listening: Callable[[], None],
        post: Post,
    ) -> None:
        self.work = work
        self.count = count
        self.watch = watch
        self.stop_listening = stop_listening
        self.post = post
        self.workers: dict[int, _Worker] = {}
        self.patience = math.inf if watch.hang_seconds is None else math.ceil(watch.hang_seconds / PULSE_SECONDS)
        self.was_ready = False
        self.failed = self.is_replaced = False
        self.failures = 0
        self.next_start = self.next_look = 0.0
        self.life, self.leash = os.pipe()
        self.signals = Signals(signal.SIGTERM, HAND_OVER, signal.SIGCHLD)

    def run(self) -> int:
        """Start the workers and watch over them until told to stop; return 0 when all have ended, 1 if none served."""
        with self.signals:
            try:
                while not self.failed:
                    self._start_missing()
                    if self._stop_asked():
                        break
                    self._reap()
                    self._look()
            finally:
                self._end_workers()
                for descriptor in (self.life, self.leash):
                    os.close(descriptor)
        return int(self.failed)

    def _stop_asked(self) -> bool:
        """Wait until there is something to do; tell whether that is to stop, or the parent has gone."""
        pulses = [worker.pulse for worker in self.workers.values() if not worker.mute]
        came, readable = self.signals.wait(self._wait_seconds(), [*pulses, self.post.life])
        for worker in self.workers.values():
            if worker.pulse in readable:
                self._feel(worker)
        if not self.was_ready and self._serving() == self.count:
            self.was_ready = True
            self.post.beat()
        self.is_replaced = HAND_OVER in came
        return self.is_replaced or self.post.life in readable or signal.SIGTERM in came

    def _wait_seconds(self) -> float:
        until = self.next_look
        if self._missing():
            until = min(until, self.next_start)
        return max(0.0, until - time.monotonic())

    def _serving(self) -> int:
        return sum(worker.serves for worker in self.workers.values())

    def _missing(self) -> int:
        return self.count - sum(worker.deadline is None for worker in self.workers.values())

    # Starting and ending

    def _start_missing(self) -> None:
        while self._missing() > 0 and time.monotonic() >= self.next_start:
            self._fork()

    def _fork(self) -> None:
        reader, writer = os.pipe()
        for descriptor in (reader, writer):
            os.set_blocking(descriptor, False)
        post = Post(self.life, writer, self.post.first and not self.was_ready)
        pid = fork(lambda: self._be_worker(post), self.signals)
        os.close(writer)
        self.workers[pid] = _Worker(pid, reader, time.monotonic())

    def _be_worker(self, post: Post) -> int:
        os.close(self.leash)
        for worker in self.workers.values():
            os.close(worker.pulse)
        return _REPLACE_ME if self.work(post) else 0

    def _reap(self) -> None:
        for worker in list(self.workers.values()):
            code = wait_for_end(worker.pid)
            if code is not None:
                self._bury(worker)
                self._note_death(worker.pid, code, time.monotonic() - worker.started, worker.deadline is not None)

    def _bury(self, worker: _Worker) -> None:
        del self.workers[worker.pid]
        os.close(worker.pulse)

    def _note_death(self, pid: int, code: int, lived: float, expected: bool = False) -> None:
        if code == _REPLACE_ME:
            _log.info("worker %d has answered its last request after %.1f s; another one starts", pid, lived)
            return
        if expected:
            return
        how = f"was killed by signal {-code} ({signal.Signals(-code).name})" if code < 0 else f"exited with {code}"
        if not self.was_ready:
            _log.error("worker %d %s after %.1f s, before it served", pid, how, lived)
            self.failed = True
            return
        self.failures = self.failures + 1 if lived < _HEALTHY_SECONDS else 0
        delay = min(_FIRST_DELAY * 2 ** (self.failures - 1), _LONGEST_DELAY) if self.failures else 0.0
        self.next_start = time.monotonic() + delay
        _log.error("worker %d %s after %.1f s; another one starts in %.1f s", pid, how, lived, delay)

    def _end_workers(self) -> None:
        """Ask the workers to end; kill those that have not after the grace time and a second."""
        for worker in self.workers.values():
            if worker.deadline is None:  # others end already, and would take this for a second signal
                kill(worker.pid, HAND_OVER if self.is_replaced and worker.serves else signal.SIGTERM)
        self.stop_listening()
        deadline = time.monotonic() + self.watch.grace + 1
        while self.workers and (left := deadline - time.monotonic()) > 0:
            came, _ = self.signals.wait(min(left, 1))
            for worker in list(self.workers.values()):
                if wait_for_end(worker.pid) is not None:
                    self._bury(worker)
                elif signal.SIGTERM in came:
                    kill(worker.pid, signal.SIGTERM)
        for worker in list(self.workers.values()):
            kill(worker.pid, signal.SIGKILL)
            wait_for_end(worker.pid, block=True)
            self._bury(worker)

    # Watching

    def _look(self) -> None:
        now = time.monotonic()
        if now < self.next_look:
            return
        self.next_look = now + PULSE_SECONDS
        for worker in list(self.workers.values()):
            if worker.serves:
                self._judge(worker)
            if worker.deadline is None and self._is_too_large(worker, now):
                kill(worker.pid, HAND_OVER)
                worker.deadline = now + self.watch.grace + 1
            elif worker.deadline is not None and now > worker.deadline:
                kill(worker.pid, signal.SIGKILL)

    def _feel(self, worker: _Worker) -> None:
        """Read the pulse of a worker, what it wants, and the stack that it was asked for."""
        try:
            read = os.read(worker.pulse, 65536)
        except BlockingIOError:
            return
        worker.mute = not read
        if b"\0" in read:
            worker.serves = worker.beats = True
        if ENOUGH in read and worker.deadline is None:
            worker.deadline = time.monotonic() + self.watch.grace + 1
        if stack := read.replace(b"\0", b"").replace(ENOUGH, b""):
            worker.stack += stack.decode("utf-8", "replace")

    def _judge(self, worker: _Worker) -> None:
        """Ask a worker without a pulse what it does, tell it, and end the worker when it has had its time."""
        if worker.beats and worker.missed >= _NAMED_AFTER:
            _log.warning("worker %d goes on after %.1f s", worker.pid, worker.missed * PULSE_SECONDS)
        worker.missed = 0 if worker.beats else worker.missed + 1
        worker.beats = False
        seconds = worker.missed * PULSE_SECONDS
        if worker.missed == _NAMED_AFTER:
            _log.warning("worker %d is held up%s", worker.pid, described(worker.stack))
        if worker.missed >= self.patience and worker.deadline != 0:
            _log.error(
                "replacing worker %d, which has been held up for %g s%s", worker.pid, seconds, described(worker.stack)
            )
            worker.deadline = 0
            kill(worker.pid, signal.SIGKILL)
        elif worker.missed in (_NAMED_AFTER - 1, self.patience - 1):
            worker.stack = ""
            kill(worker.pid, TELL)

    def _is_too_large(self, worker: _Worker, now: float) -> bool:
        most = self.watch.max_memory
        if most is None or now - worker.started < _HEALTHY_SECONDS:
            return False
        memory = resident_bytes(worker.pid)
        if memory > most:
            _log.warning(
                "worker %d has %.1f MiB of memory, its limit is %.1f MiB; another one starts",
                worker.pid,
                memory / 2**20,
                most / 2**20,
            )
        return memory > most


def described(stack: str) -> str:
    """Put what a log says of a stack as `faulthandler` writes it: the innermost call outside of libraries, and all."""
    frames = _FRAME.findall(stack)
    if not frames:
        return "; it doesn't tell by what"
    file, line, name = next((frame for frame in frames if not frame[0].startswith(_LIBRARIES)), frames[0])
    calls = "\n".join(f'  File "{file}", line {line} in {name}' for file, line, name in frames)
    return f" by {file}:{line} in {name}; the last call first:\n{calls}"
