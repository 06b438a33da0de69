"""Whole programs with green threads: how they end, signals, forks, other loops, OS threads. Each is a process."""

import os
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

Program = Callable[..., "subprocess.CompletedProcess[str]"]

PARKED = """
    import asyncio, os, signal, sys, threading
    from spruce import green

    signal.signal(signal.SIGINT, signal.default_int_handler)  # tests that run in the background ignore it

    def say(*words):
        print(*words, flush=True)

    def plain(number):
        try:
            green.sleep(60)
        finally:
            say("plain", number, "interrupted")
            green.sleep(0)
            say("plain", number, "cleaned")

    def with_task():
        green.await_(asyncio.sleep(0))
        try:
            green.sleep(60)
        finally:
            say("with task, natively parked")

    async def coroutine():
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            say("coroutine cancelled")
            raise

    def awaiting():
        try:
            green.await_(coroutine())
        finally:
            say("awaiting interrupted")

    def park():
        for number in range(2):
            green.spawn(plain, number)
        green.spawn(with_task)
        green.spawn(awaiting)
        green.sleep(0.01)
        say("parked")
"""
ENDED = [
    "parked",
    "plain 0 interrupted",
    "plain 1 interrupted",
    "with task, natively parked",
    "plain 0 cleaned",
    "plain 1 cleaned",
    "coroutine cancelled",
    "awaiting interrupted",
]


@pytest.fixture(params=["lean", "asyncio", "uvloop"])
def loop(request: pytest.FixtureRequest) -> str:
    """The loop that a program uses."""
    return str(request.param)


@pytest.fixture
def program(loop: str, tmp_path: Path) -> Program:
    """Run a program, warnings being errors; its output and exit code."""

    def run(code: str, *options: str, check: bool = True) -> "subprocess.CompletedProcess[str]":
        file = tmp_path / "program.py"
        file.write_text(textwrap.dedent(PARKED) + textwrap.dedent(code))
        command = [sys.executable, "-W", "error", "-X", "faulthandler", *options, str(file)]
        ended = subprocess.run(
            command, env={**os.environ, "SPRUCE_LOOP": loop}, capture_output=True, text=True, timeout=60
        )
        if check:
            assert (ended.stderr, ended.returncode) == ("", 0)
        return ended

    return run


RUN = "lambda main: green.run(main, loop=os.environ['SPRUCE_LOOP'])"
ENDINGS = {"main greenlet": "lambda main: main()", "run": RUN}


@pytest.mark.parametrize("call", ENDINGS.values(), ids=ENDINGS.keys())
@pytest.mark.parametrize("options", [(), ("-X", "dev")], ids=["", "dev mode"])
def test_a_program_that_ends_ends_its_threads(program: Program, call: str, options: tuple[str, ...]) -> None:
    """Each finally block once, in the order of spawning, with waits in them; no warnings, no tasks destroyed."""
    ended = program(f"({call})(park)", *options)
    lines = ended.stdout.splitlines()
    assert sorted(lines) == sorted(ENDED)
    assert [line for line in lines if "plain" in line or line == "parked"] == [ENDED[0], *ENDED[1:3], *ENDED[4:6]]


@pytest.mark.parametrize("call", ENDINGS.values(), ids=ENDINGS.keys())
@pytest.mark.parametrize(
    ("how", "code", "error"),
    [
        ("raise ValueError('broken')", 1, "ValueError: broken"),
        ("sys.exit(3)", 3, ""),
        ("green.spawn(sys.exit, 4).wait()", 4, ""),
        ("green.spawn(sys.exit, 4); green.sleep(60)", 4, ""),
        ("green.await_(ending())", 5, ""),
        ("raise KeyboardInterrupt", -2, "KeyboardInterrupt"),
    ],
)
def test_a_program_that_fails_ends_its_threads_too(
    program: Program, call: str, how: str, code: int, error: str
) -> None:
    """An exception or exit in main or in a thread: the exit code is kept, the finally blocks run once."""
    ended = program(
        f"""
        async def ending():
            await asyncio.sleep(0)
            sys.exit(5)

        def main():
            park()
            {how}

        ({call})(main)
        """,
        check=False,
    )
    assert ended.returncode == code
    assert (ended.stderr.splitlines() or [""])[-1] == error
    assert "Exception ignored" not in ended.stderr
    assert sorted(ended.stdout.splitlines()) == sorted(ENDED)


INTERRUPTED = {
    "main waits natively": "green.sleep(60)",
    "main waits in a coroutine": "green.await_(asyncio.sleep(60))",
    "main computes": "compute()",
    "a thread computes": "green.spawn(compute); green.sleep(60)",
    "a callback of the loop computes": "green.get_hub().loop.call_soon(compute); green.sleep(60)",
}


@pytest.mark.parametrize("call", ENDINGS.values(), ids=ENDINGS.keys())
@pytest.mark.parametrize("wait", INTERRUPTED.values(), ids=INTERRUPTED.keys())
def test_ctrl_c_is_raised_in_main(program: Program, call: str, wait: str) -> None:
    """Main can handle it and go on; the others end with the program."""
    ended = program(
        f"""
        def compute():
            while True:
                pass

        def main():
            park()
            threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGINT)).start()
            try:
                {wait}
            except KeyboardInterrupt:
                say("interrupted")
            green.sleep(0)
            say("went on")

        ({call})(main)
        """
    )
    lines = ended.stdout.splitlines()
    assert lines[:3] == ["parked", "interrupted", "went on"]
    assert sorted(lines[3:]) == sorted(ENDED[1:])


def test_a_thread_that_does_not_end_is_named_and_left(program: Program) -> None:
    """After a grace; here it is cut short."""
    ended = program(
        """
        import spruce.green.hub as hub
        hub._SHUTDOWN_SECONDS = 0.05

        def stubborn():
            while True:
                try:
                    green.sleep(60)
                except green.GreenletExit:
                    say("no")

        def main():
            green.spawn(stubborn)
            green.sleep(0.01)

        green.run(main)
        """,
        check=False,
    )
    assert ended.returncode == 0
    assert ended.stdout == "no\n"
    assert "these green threads did not end within 0.05 s of being killed: [<GreenThread" in ended.stderr
    assert "stubborn alive>]" in ended.stderr


# Other people's loops


def test_threads_on_a_loop_of_somebody_else_end_with_it(program: Program) -> None:
    """asyncio.run ends them as it ends its own, and another run starts afresh."""
    ended = program(
        """
        def work(number):
            green.sleep(0.001)
            return number

        async def main():
            assert await green.spawn(work, 1) == 1
            assert await asyncio.gather(*(ask(number) for number in range(10))) == list(range(10))
            await green.spawn(park)

        async def ask(number):
            return await green.spawn(work, number)

        asyncio.run(main())
        say("again")
        asyncio.run(main())
        """
    )
    lines = ended.stdout.splitlines()
    half = lines.index("again")
    assert sorted(lines[:half]) == sorted(ENDED)
    assert sorted(lines[half + 1 :]) == sorted(ENDED)


def test_a_main_greenlet_and_other_loops_take_turns(program: Program) -> None:
    """A plain program's hub, asyncio.run and green.run in one process; threads of the first go on afterwards."""
    program(
        """
        event = green.Event()
        thread = green.spawn(lambda: event.wait())
        green.sleep(0)

        async def other():
            await green.spawn(green.sleep, 0)
            return "other"

        assert asyncio.run(other()) == "other"
        assert green.run(lambda: green.await_(other())) == "other"
        green.await_(asyncio.sleep(0))
        assert asyncio.run(other()) == "other"
        event.send("result")
        assert thread.wait() == "result"
        """
    )


def test_hubs_in_other_os_threads(program: Program) -> None:
    """Each has its own loop; they run at the same time, and end with `run`."""
    program(
        """
        def body():
            pool = green.GreenPool(10)
            assert list(pool.imap(lambda n: green.sleep(0.001) or n, range(30))) == list(range(30))
            green.spawn(green.sleep, 60)
            green.sleep(0)
            return green.get_hub()

        hubs = []
        threads = [threading.Thread(target=lambda: hubs.append(green.run(body))) for _ in range(3)]
        for thread in threads:
            thread.start()
        body()
        for thread in threads:
            thread.join()
        assert len(set(map(id, hubs))) == 3
        assert all(hub.loop.is_closed() for hub in hubs)
        """
    )


def test_a_plain_os_thread_that_blocks_has_a_hub_that_ends_with_it(program: Program) -> None:
    """When the OS thread has ended, so have its green threads, and its descriptors are closed."""
    ended = program(
        """
        def descriptors():
            return len(os.listdir("/proc/self/fd"))

        green.sleep(0)
        before = descriptors()
        for _ in range(3):
            thread = threading.Thread(target=park)
            thread.start()
            thread.join()
        assert descriptors() == before
        daemon = threading.Thread(target=lambda: (green.sleep(0), green.sleep(60)), daemon=True)
        daemon.start()
        green.sleep(0.01)
        """
    )
    assert sorted(ended.stdout.splitlines()) == sorted(ENDED * 3)


def test_the_background_hub_ends_with_the_program(program: Program) -> None:
    """With the threads on it; also after a fork, whose child has one of its own."""
    ended = program(
        """
        assert green.in_background(os.getpid) == os.getpid()
        child = os.fork()
        if not child:
            assert green.in_background(os.getpid) == os.getpid()
            sys.exit(0)
        assert os.waitpid(child, 0)[1] == 0
        green.in_background(park)
        """
    )
    assert sorted(ended.stdout.splitlines()) == sorted(ENDED)


# Forks


def test_a_parent_listens_and_forked_children_accept(program: Program) -> None:
    """Hubs are made after the fork, so each child has its own."""
    fork(program, before="", ending="os._exit(0)")


@pytest.mark.parametrize("ending", ["sys.exit(0)", "os._exit(0)"])
def test_a_parent_that_has_used_its_hub_forks(program: Program, ending: str) -> None:
    """The children start afresh: nothing of the parent's threads runs in them, and the parent's loop goes on."""
    ended = fork(program, before="park(); green.tpool.execute(int); green.await_(asyncio.sleep(0))", ending=ending)
    assert sorted(ended.stdout.splitlines()) == sorted(ENDED)


def fork(program: Program, before: str, ending: str) -> "subprocess.CompletedProcess[str]":
    return program(
        f"""
        listener = green.listen(("127.0.0.1", 0))
        {before or "pass"}

        def serve():
            for _ in range(2):
                connection, _ = listener.accept()
                connection.sendall(str(os.getpid()).encode())
                connection.close()

        children = []
        for _ in range(3):
            pid = os.fork()
            if pid == 0:
                green.spawn(serve).wait()
                green.tpool.execute(int)
                green.await_(asyncio.sleep(0))
                listener.close()
                {ending}
            children.append(pid)

        def client():
            connection = green.connect(listener.getsockname())
            answer = connection.recv(100)
            connection.close()
            return int(answer)

        answers = [thread.wait() for thread in [green.spawn(client) for _ in range(6)]]
        assert sorted(set(answers)) == sorted(children), answers
        assert [os.waitpid(child, 0)[1] for child in children] == [0, 0, 0]

        woken = green.Event()
        loop = green.get_hub().loop
        waker = threading.Thread(target=lambda: loop.call_soon_threadsafe(woken.send))
        green.sleep(0.001)
        waker.start()
        with green.Timeout(10):
            woken.wait()
        waker.join()
        listener.close()
        """
    )


def test_a_fork_inside_a_green_thread(program: Program) -> None:
    """The child may compute and end; to block there is an error that says where to fork instead."""
    ended = program(
        """
        def forking():
            pid = os.fork()
            if pid == 0:
                try:
                    green.sleep(0)
                except RuntimeError as exc:
                    say(exc)
                os._exit(0)
            return os.waitpid(pid, 0)[1]

        assert green.run(lambda: green.spawn(forking).wait()) == 0
        """
    )
    assert ended.stdout == (
        "os.fork() was called inside a green thread. Fork where no green thread runs: before the first one starts\n"
    )


@pytest.mark.skipif(os.geteuid() != 0, reason="needs to become another user")
def test_an_address_that_one_may_not_listen_on(program: Program, tmp_path: Path) -> None:
    """The error says which ports everybody may use."""
    tmp_path.chmod(0o700)
    ended = program(
        f"""
        import socket
        os.setuid(65534)
        try:
            green.listen({str(tmp_path / "socket")!r}, socket.AF_UNIX)
        except OSError:
            pass
        except Exception as exc:
            say(exc)
        """
    )
    assert ended.stdout == (
        f"may not listen on {tmp_path}/socket: permission denied. "
        "Choose a port above 1023, or a folder that you may write to\n"
    )


# Looking into a running process


@pytest.mark.parametrize("call", ENDINGS.values(), ids=ENDINGS.keys())
def test_a_report_on_a_signal(program: Program, call: str) -> None:
    """SIGUSR1 writes all green threads with their stacks, whatever the program waits for."""
    ended = program(
        f"""
        def main():
            green.debug.report_on_signal()
            green.spawn(plain, 0)
            threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGUSR1)).start()
            green.sleep(0.2)

        ({call})(main)
        """,
        check=False,
    )
    assert ended.returncode == 0
    assert " green threads\n" in ended.stderr
    assert ":plain: waits for sleep()\n" in ended.stderr
    assert "    green.sleep(60)\n" in ended.stderr


# The memory hazard of loops that are written in C


def test_a_thread_above_the_loops_stack_frames_is_a_clear_fatal_error(program: Program, loop: str) -> None:
    """On uvloop a carrier that was born too high on the stack is noticed at once; other loops have no such frames."""
    ended = program(
        """
        from spruce.green.hub import Hub

        class Shallow(Hub):
            "Its carriers are born before the loop runs, that is above its frames."

            def __init__(self, *args):
                super().__init__(*args)
                self.idle += [self._new_carrier(first_switch=True) for _ in range(3)]

        from spruce.green import runtime
        runtime.Hub = Shallow
        green.run(green.sleep, 0, loop=os.environ["SPRUCE_LOOP"])
        say("survived")
        """,
        check=False,
    )
    if loop == "uvloop":
        assert ended.returncode == 70
        assert ended.stderr.startswith(
            "spruce: fatal: a green thread was resumed above the loop's stack frames, which on uvloop corrupts memory. "
            "Please report it with the traceback below; `--loop asyncio` has no such hazard.\n"
        )
    else:
        assert (ended.stdout, ended.stderr, ended.returncode) == ("survived\n", "", 0)
