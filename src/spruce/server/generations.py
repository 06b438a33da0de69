"""The process that stays: it keeps the sockets open and replaces what serves on them, one generation after another.

A generation is a child that loads the application and serves it, alone or with workers of its own. This process has
not loaded the application, so what it forks loads it afresh; a program that has (`python app.py`) runs its own command
again instead. Thus on SIGHUP:

* the new generation is begun, and when all of it serves, the old one is told to end: it finishes what it has accepted,
  while the sockets stay open. Nobody is turned away.
* one that ends before it serves is told in the log, and the old one goes on.

With a watch on files (`--reload`) the old one is told to end at once, so that no old answer is seen after a change,
and connections wait in the sockets' queues. What keeps the new code from serving is shown in the browser.
"""

import json
import logging
import os
import signal
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from spruce.server.processes import HAND_OVER, Post, Signals, bury_strangers, fork, kill, wait_for_end

__all__ = ["FATAL", "Generations", "Options", "Source", "inherited"]

_log = logging.getLogger("spruce.server")
FATAL = "\1"
"""What begins the words of a generation that trying again would not help."""
_VARIABLE = "_SPRUCE_GENERATION"
_HEALTHY_SECONDS = 5.0
_FIRST_DELAY = 0.1
_LONGEST_DELAY = 10.0
_LATE_SECONDS = 3  # that a generation gets beyond its own grace time


class Source(Protocol):
    """Something else that this process listens to, beside signals and children."""

    descriptor: int

    def read(self) -> str | None:
        """Do what there is to do; return why a new generation is wanted, or None. Raises EOFError at its end."""

    def close(self) -> None:
        """Let go of it; also called in each child."""


class Teller(Protocol):
    """Who wants to know how it goes: the service manager."""

    interval: float | None

    def tell(self, **facts: object) -> None:
        """Tell it."""


@dataclass(frozen=True, slots=True)
class Options:
    """What serves and how.

    `serve` is what a generation does with its post, returning its status; `explain` serves a page with a text instead.
    `descriptors` are the sockets. `command` runs this program again, where it has loaded the application itself.
    `folder` is where processes can be asked. `restart` tells that generations follow changes of files. `grace` is in
    seconds.
    """

    serve: Callable[[Post], int]
    explain: Callable[[Post, str], int]
    descriptors: Sequence[int]
    grace: float
    restart: bool = False
    command: list[str] | None = None
    folder: Path | None = None
    announce: Callable[[], None] = lambda: None
    stop_listening: Callable[[], None] = lambda: None


@dataclass(slots=True)
class _Generation:
    pid: int
    pulse: int
    began: float
    said: bytes = b""
    mute: bool = False
    deadline: float | None = None


class Generations:
    """Runs generations until SIGTERM or SIGINT; a second such signal hurries those that finish their work.

    A generation that dies is replaced, after a delay that doubles from 0.1 s to 10 s if it died within 5 s.
    """

    def __init__(self, options: Options, teller: Teller | None = None) -> None:
        self.options = options
        self.sources: list[Source] = []
        self.teller = teller
        self.folder = _folder()
        self.current: _Generation | None = None
        self.coming: _Generation | None = None
        self.old: list[_Generation] = []
        self.status: int | None = None
        self.served = False
        self.wanted = True
        self.begun = 0
        self.failures = 0
        self.next_start = self.next_word = 0.0
        self.terminal = _has_terminal()
        self.stays = signal.getsignal(signal.SIGHUP) == signal.SIG_IGN
        self.life, self.leash = os.pipe()
        self.signals = Signals(signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD)

    def run(self) -> int:
        """Serve; return the status to exit with: 0, or that of a first generation that could not serve."""
        with self.signals:
            try:
                while self.status is None:
                    if self.wanted and self.coming is None and time.monotonic() >= self.next_start:
                        self._begin(self.options.serve)
                    self._wait()
                    self._reap()
                    self._kill_late()
            finally:
                self._end()
                for descriptor in (self.life, self.leash):
                    os.close(descriptor)
        return self.status

    def facts(self) -> dict[str, object]:
        """Return what can be said of this process."""
        return {
            "pid": os.getpid(),
            "state": self._state(),
            "generations": self.begun,
            "processes": [one.pid for one in self._all()],
        }

    def _state(self) -> str:
        if self.status is not None:
            return "stopping"
        if self.current is None:
            return "starting"
        return "serving" if self.coming is None else "reloading"

    def _all(self) -> list[_Generation]:
        return [*self.old, *(one for one in (self.current, self.coming) if one is not None)]

    def _tell(self, **facts: object) -> None:
        if self.teller is not None:
            self.teller.tell(**facts)

    # Beginning one

    def _begin(self, serve: Callable[[Post], int]) -> None:
        self.wanted = False
        self.begun += 1
        reader, writer = os.pipe()
        os.set_blocking(reader, False)
        os.set_blocking(writer, False)
        post = Post(self.life, writer, first=not self.served)
        if self.options.command is None or self.begun == 1 or serve is not self.options.serve:
            pid = fork(lambda: self._be(serve, post), self.signals, ignored=[signal.SIGINT, signal.SIGHUP])
        else:
            pid = self._run_again(self.options.command, post)
        os.close(writer)
        self.coming = _Generation(pid, reader, time.monotonic())

    def _be(self, serve: Callable[[Post], int], post: Post) -> int:
        os.close(self.leash)
        for one in self._all():
            os.close(one.pulse)
        for source in self.sources:
            source.close()
        if os.path.isdir(self.folder):
            os.chdir(self.folder)
        return serve(post)

    def _run_again(self, command: list[str], post: Post) -> int:
        """Run the command in a child that inherits the sockets and its post, and is left alone by Ctrl+C."""
        kept = [*self.options.descriptors, post.life, post.pulse]
        told = [list(self.options.descriptors), post.life, post.pulse, self.options.folder and str(self.options.folder)]
        environment = {**os.environ, _VARIABLE: json.dumps(told)}
        for descriptor in kept:
            os.set_inheritable(descriptor, True)
        before = signal.signal(signal.SIGINT, signal.SIG_IGN)
        try:
            return os.posix_spawn(command[0], command, environment)
        finally:
            signal.signal(signal.SIGINT, before)
            for descriptor in kept:
                os.set_inheritable(descriptor, False)

    # Waiting

    def _wait(self) -> None:
        coming = self.coming
        pulses = [] if coming is None or coming.mute else [coming.pulse]
        came, readable = self.signals.wait(self._seconds(), [*pulses, *(one.descriptor for one in self.sources)])
        if came & {signal.SIGTERM, signal.SIGINT}:
            self.status = 0
        elif signal.SIGHUP in came:
            self._hang_up()
        if coming is not None and coming.pulse in readable:
            self._hear(coming)
        for source in [one for one in self.sources if one.descriptor in readable]:
            try:
                why = source.read()
            except EOFError:
                self.sources.remove(source)
                source.close()
                continue
            if why is not None:
                self._want(why)
        if self.teller is not None and self.teller.interval and self.current and time.monotonic() >= self.next_word:
            self.next_word = time.monotonic() + self.teller.interval
            self._tell(WATCHDOG=1)

    def _seconds(self) -> float | None:
        times = [one.deadline for one in self.old if one.deadline is not None]
        if self.wanted and self.coming is None:
            times.append(self.next_start)
        if self.teller is not None and self.teller.interval:
            times.append(self.next_word)
        return max(0.0, min(times) - time.monotonic()) if times else None

    def _want(self, why: str) -> None:
        """Note that a new generation is wanted: because of `why`, or a signal."""
        self.wanted = True
        self.next_start = 0.0
        if self.options.restart:
            sys.stdout.write(f"Restarting: {why}\n" if why else "Restarting\n")
            sys.stdout.flush()
            for one in (self.current, self.coming):
                self._retire(one)
            self.current = self.coming = None
        self._tell(RELOADING=1, MONOTONIC_USEC=time.monotonic_ns() // 1000)

    def _hear(self, coming: _Generation) -> None:
        """Read what a generation that begins has to say: that it serves, or why not."""
        try:
            said = os.read(coming.pulse, 65536)
        except BlockingIOError:
            return
        if b"\0" not in said:
            coming.said += said
            coming.mute = not said  # it ends, which is noted when it is reaped
            return
        self._retire(self.current)
        self.current, self.coming = coming, None
        if self.served:
            if not self.options.restart:
                sys.stdout.write("The new code serves\n")
                sys.stdout.flush()
        else:
            self.served = True
            self.options.announce()
        self._tell(READY=1, STATUS="serving")

    # Ending

    def _retire(self, one: _Generation | None) -> None:
        if one is not None:
            self.old.append(one)
            one.deadline = time.monotonic() + self.options.grace + _LATE_SECONDS
            kill(one.pid, signal.SIGTERM if one is self.coming else HAND_OVER)

    def _kill_late(self) -> None:
        for one in self.old:
            if one.deadline is not None and time.monotonic() > one.deadline:
                kill(one.pid, signal.SIGKILL)

    def _reap(self) -> None:
        for one in self._all():
            code = wait_for_end(one.pid)
            if code is None:
                continue
            if one is self.coming:
                with suppress(BlockingIOError):
                    one.said += os.read(one.pulse, 65536)
            os.close(one.pulse)
            if one in self.old:
                self.old.remove(one)
            elif one is self.current:
                self.current = None
                self._died(one, code)
            else:
                self.coming = None
                self._could_not_begin(one, code)
        bury_strangers({one.pid for one in self._all()})

    def _died(self, one: _Generation, code: int) -> None:
        lived = time.monotonic() - one.began
        self.failures = self.failures + 1 if lived < _HEALTHY_SECONDS else 0
        delay = min(_FIRST_DELAY * 2 ** (self.failures - 1), _LONGEST_DELAY) if self.failures else 0.0
        self.next_start = time.monotonic() + delay
        self.wanted = self.wanted or self.coming is None
        _log.error("process %d %s after %.1f s; another one starts in %.1f s", one.pid, _how(code), lived, delay)

    def _could_not_begin(self, one: _Generation, code: int) -> None:
        said = one.said.decode("utf-8", "replace")
        fatal = said.startswith(FATAL)
        if not self.options.restart and self.current is not None:
            _log.error("the new code %s before it served; what serves goes on with the old code", _how(code))
            self._tell(READY=1, STATUS="serving old code: the new code failed")
        elif not self.options.restart and self.served:
            self._died(one, code)
        elif self.options.restart and not self.wanted and (self.served or (said and not fatal)):
            text = said.removeprefix(FATAL) or f"The program {_how(code)}; what it said is in the terminal."
            self._begin(lambda post: self.options.explain(post, text))
        elif not self.wanted:
            self.status = code if code > 0 else int(code != 0)

    def _end(self) -> None:
        """Tell all to end, and stop listening; kill those that have not ended after the grace time."""
        self._tell(STOPPING=1)
        for one in self._all():
            if one not in self.old:  # they end already, and would take this for a second signal
                kill(one.pid, signal.SIGTERM)
        self.options.stop_listening()
        deadline = time.monotonic() + self.options.grace + _LATE_SECONDS
        while (left := self._all()) and (seconds := deadline - time.monotonic()) > 0:
            came, _ = self.signals.wait(min(seconds, 1))
            for one in left:
                if wait_for_end(one.pid) is not None:
                    self._forget(one)
                elif came & {signal.SIGTERM, signal.SIGINT}:
                    kill(one.pid, signal.SIGTERM)
        for one in self._all():
            kill(one.pid, signal.SIGKILL)
            wait_for_end(one.pid, block=True)
            self._forget(one)

    def _forget(self, one: _Generation) -> None:
        os.close(one.pulse)
        self.old = [other for other in self.old if other is not one]
        self.current = None if self.current is one else self.current
        self.coming = None if self.coming is one else self.coming

    def _hang_up(self) -> None:
        """Begin anew; but when the terminal was closed that this was started on, end, or with nohup do nothing."""
        if not self.terminal or _has_terminal():
            self._want("")
            return
        self.terminal = False
        if not self.stays:
            self.status = 0


def inherited(environment: Mapping[str, str] = os.environ) -> tuple[list[int], Post, Path | None] | None:
    """Return the sockets, the post and the folder of a generation that its program was run again for; None elsewhere.

    What it starts itself is none, so this is told once.
    """
    told = environment.get(_VARIABLE)
    if told is None:
        return None
    if environment is os.environ:
        del os.environ[_VARIABLE]
    descriptors, life, pulse, folder = json.loads(told)
    for descriptor in (*descriptors, life, pulse):
        os.set_inheritable(descriptor, False)
    return descriptors, Post(life, pulse), None if folder is None else Path(folder)


def _how(code: int) -> str:
    return f"was killed by signal {-code} ({signal.Signals(-code).name})" if code < 0 else f"ended with status {code}"


def _folder() -> str:
    """The current folder by the name that the shell knows, so that a link in it may lead to newer code later."""
    here, known = os.getcwd(), os.environ.get("PWD", "")
    return known if os.path.isdir(known) and os.path.samefile(here, known) else here


def _has_terminal() -> bool:
    try:
        os.close(os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY))
    except OSError:
        return False
    return True
