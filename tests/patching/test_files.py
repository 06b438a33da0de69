"""Pipes and processes that park the green thread."""

import os
from collections.abc import Iterator

import pytest

from spruce import green
from spruce.patching import files


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    """The two ends of a pipe."""
    ends = os.pipe()
    yield ends
    for end in ends:
        try:
            os.close(end)
        except OSError:
            pass


def test_a_read_waits_for_a_write(pipe: tuple[int, int]) -> None:
    """Others run meanwhile."""

    def main() -> bytes:
        thread = green.spawn(files.read, pipe[0], 10)
        green.sleep()
        assert not thread.dead
        files.write(pipe[1], b"hello")
        return bytes(thread.wait())

    assert green.run(main) == b"hello"


def test_a_write_waits_for_a_reader(pipe: tuple[int, int]) -> None:
    """A full pipe takes a part at a time, and blocks as before afterwards."""
    data = os.urandom(300_000)

    def write() -> None:
        sent = 0
        while sent < len(data):
            sent += files.write(pipe[1], data[sent:])
        os.close(pipe[1])

    def main() -> bytes:
        green.spawn(write)
        with files.open_pipe(pipe[0]) as file:
            return bytes(file.read())

    assert green.run(main) == data


def test_lines_of_a_pipe(pipe: tuple[int, int]) -> None:
    """Buffered, as subprocess makes its files."""

    def write() -> None:
        with files.open_pipe(pipe[1], "wb") as file:
            for number in range(3):
                file.write(b"%d\n" % number)
                file.flush()
                green.sleep()

    def main() -> list[bytes]:
        green.spawn(write)
        with files.open_pipe(pipe[0], "rb") as file:
            return list(file)

    assert green.run(main) == [b"0\n", b"1\n", b"2\n"]


def test_a_file_is_never_waited_for(tmp_path) -> None:  # type: ignore[no-untyped-def] # a path
    """The system has no way to."""
    (tmp_path / "file").write_bytes(b"content")
    descriptor = os.open(tmp_path / "file", os.O_RDWR)
    assert green.run(files.read, descriptor, 3) == b"con"
    assert green.run(files.write, descriptor, b"x") == 1
    os.close(descriptor)


def child(status: int) -> int:
    """A process that ends when it is told to through its standard input; its number."""
    return os.posix_spawn("/bin/sh", ["sh", "-c", f"exit {status}"], os.environ)


def test_the_end_of_a_process() -> None:
    """By its number, or whichever is the first."""

    def main() -> None:
        first = child(3)
        assert files.waitpid(first, 0) == (first, 3 << 8)
        second = child(4)
        assert files.wait() == (second, 4 << 8)
        third = child(5)
        assert files.wait4(third, 0)[:2] == (third, 5 << 8)
        fourth = child(6)
        assert files.wait3(0)[:2] == (fourth, 6 << 8)
        with pytest.raises(ChildProcessError):
            files.waitpid(first, 0)

    green.run(main)
    main()


def test_a_shell_command() -> None:
    """In an OS thread."""
    assert green.run(files.system, "exit 2") == 2 << 8
