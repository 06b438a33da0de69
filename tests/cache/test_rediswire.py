"""The connection to a Redis, against a server of the test, which says what it is told to; tests/real has a real one."""

import socket
from collections.abc import Callable

import pytest

from spruce import green
from spruce.cache.redisserver import RedisServer
from spruce.errors import CacheUnavailable

Answers = Callable[[list[bytes]], bytes | None]


class Scripted:
    """A server that answers each command with what `answers(command)` gives; None closes the connection."""

    def __init__(self, answers: Answers) -> None:
        self.commands: list[list[bytes]] = []
        self._answers = answers
        self._listener = green.listen(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._connections: list[green.GreenSocket] = []
        self._threads = [green.spawn(self._accept)]

    def _accept(self) -> None:
        while True:
            connection, _ = self._listener.accept()
            self._connections.append(connection)
            self._threads.append(green.spawn(self._serve, connection))

    def _serve(self, connection: green.GreenSocket) -> None:
        data = b""
        while received := connection.recv(10_000):
            data += received
            while (found := take(data)) is not None:
                command, data = found
                self.commands.append(command)
                answer = self._answers(command)
                if answer is None:
                    connection.close()
                    return
                connection.sendall(answer)

    def close(self) -> None:
        for thread in self._threads:
            thread.kill()
        for connection in [self._listener, *self._connections]:
            connection.close()


def take(data: bytes) -> tuple[list[bytes], bytes] | None:
    """The first command of what was sent, if it is there whole, and what follows."""
    head, _, rest = data.partition(b"\r\n")
    words = []
    for _ in range(int(head[1:] or 0)):
        size, _, rest = rest.partition(b"\r\n")
        if not size or len(rest) < int(size[1:]) + 2:
            return None
        words.append(rest[: int(size[1:])])
        rest = rest[int(size[1:]) + 2 :]
    return (words, rest) if words else None


def talk(answers: Answers, main: Callable[[RedisServer, Scripted], object], login: str = "", **options: float) -> None:
    def run() -> None:
        scripted = Scripted(answers)
        server = RedisServer(f"redis://{login}127.0.0.1:{scripted.port}/0", **options)  # type: ignore[arg-type]  # only a timeout
        try:
            main(server, scripted)
        finally:
            server.close()
            scripted.close()

    green.run(run)


def test_answers_go_to_who_asked_in_order() -> None:
    def main(server: RedisServer, scripted: Scripted) -> None:
        server.execute("PING")  # there is one connection from here on
        threads = [green.spawn(server.execute, "GET", str(number)) for number in range(5)]
        assert [thread.wait() for thread in threads] == [b"0", b"1", b"2", b"3", b"4"]
        assert len(scripted._connections) == 1

    talk(lambda command: b"$1\r\n%s\r\n" % command[1] if len(command) > 1 else b"+PONG\r\n", main)


def test_several_commands_have_several_answers_however_these_are_cut() -> None:
    """The server sends its answers byte by byte."""

    def main(server: RedisServer, scripted: Scripted) -> None:
        assert server.execute_many([("GET", "a"), ("GET", "b"), ("GET", "c")]) == [None, 5, [b"x", None]]

    answers = {b"a": b"$-1\r\n", b"b": b":5\r\n", b"c": b"*2\r\n$1\r\nx\r\n$-1\r\n"}
    talk(lambda command: answers[command[1]], main)


def test_an_answer_to_one_who_has_left_goes_to_nobody() -> None:
    def main(server: RedisServer, scripted: Scripted) -> None:
        server.execute("GET", "0")
        left = green.spawn(server.execute, "GET", "1")
        green.sleep()
        left.kill()
        assert server.execute("GET", "2") == b"2"

    talk(lambda command: b"$1\r\n%s\r\n" % command[1], main)


def test_a_connection_that_is_closed_while_nobody_asks_is_made_anew() -> None:
    def main(server: RedisServer, scripted: Scripted) -> None:
        assert server.execute("GET", "1") == b"1"
        scripted._connections[0].close()
        while (link := server._last) is None or link.wire is None or link.wire.error is None:
            green.sleep()
        assert server.execute("GET", "2") == b"2"
        assert server.stats() == {"open": False, "trips": 0, "waiting": 0}

    talk(lambda command: b"$1\r\n%s\r\n" % command[1], main)


def test_a_late_answer_ends_the_connection_for_all_who_wait() -> None:
    def main(server: RedisServer, scripted: Scripted) -> None:
        server.execute("PING")
        threads = [green.spawn(server.execute, "GET", "never") for _ in range(3)]
        for thread in threads:
            with pytest.raises(CacheUnavailable) as caught:
                thread.wait()
            assert str(caught.value).endswith("does not answer: no answer within 0.05 s")
        assert server.breaker.trips == 1

    talk(lambda command: b"" if command[0] == b"GET" else b"+PONG\r\n", main, timeout=0.05)


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (b"HTTP/1.1 400 Bad Request\r\n", "what it says is no answer to what was asked: ProtocolError("),
        (b"+OK\r\n+more\r\n", None),
        (None, "it closed the connection"),
    ],
)
def test_what_is_no_answer_ends_the_connection(answer: bytes | None, why: str | None) -> None:
    def main(server: RedisServer, scripted: Scripted) -> None:
        if why is None:  # one answer too many
            assert server.execute("PING") == b"OK"
            link = server._last
            assert link is not None
            while link.wire is None or link.wire.error is None:
                green.sleep()
            return
        with pytest.raises(CacheUnavailable) as caught:
            server.execute("PING")
        assert f"does not answer: {why}" in str(caught.value)

    talk(lambda command: answer, main)


@pytest.mark.parametrize(
    ("login", "sent"),
    [("", []), (":pass@", [[b"AUTH", b"pass"]]), ("user:p%40ss@", [[b"AUTH", b"user", b"p@ss"]])],
)
def test_it_logs_in_first(login: str, sent: list[list[bytes]]) -> None:
    def main(server: RedisServer, scripted: Scripted) -> None:
        server.execute("PING")
        assert scripted.commands == [*sent, [b"PING"]]

    talk(lambda command: b"+OK\r\n", main, login)


def test_a_wrong_password_is_a_refusal() -> None:
    def main(server: RedisServer, scripted: Scripted) -> None:
        with pytest.raises(CacheUnavailable) as caught:
            server.execute("GET", "key")
        assert str(caught.value).endswith("refuses to log us in: WRONGPASS invalid username-password pair")
        assert server.breaker.open is False

    talk(lambda command: b"-WRONGPASS invalid username-password pair\r\n", main, ":wrong@")


def test_one_who_doesnt_accept_in_time_is_not_waited_for() -> None:
    """Its backlog is full, so connecting hangs."""
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        others = [socket.socket() for _ in range(3)]
        for other in others:
            other.setblocking(False)
            other.connect_ex(full.getsockname())
        server = RedisServer(f"redis://127.0.0.1:{full.getsockname()[1]}/0", timeout=0.05)
        with pytest.raises(CacheUnavailable, match="does not answer"):
            server.execute("PING")
        server.close()
        for other in others:
            other.close()


def test_a_key_is_never_a_command_asvs_1_3_9() -> None:
    """Words go out with their lengths, whatever characters they have."""
    key = "a\r\nSET b 1\r\n"

    def main(server: RedisServer, scripted: Scripted) -> None:
        server.execute("GET", key)
        assert scripted.commands == [[b"GET", key.encode()]]

    talk(lambda command: b"$-1\r\n", main)


def test_who_is_interrupted_while_it_connects_leaves_nothing_behind() -> None:
    """The server takes connections and says nothing; that no thread is left is seen to after each test."""

    def main(server: RedisServer, scripted: Scripted) -> None:
        asking = green.spawn(server.execute, "PING")
        while not scripted.commands:
            green.sleep()
        asking.kill()

    talk(lambda command: b"", main, ":secret@")
