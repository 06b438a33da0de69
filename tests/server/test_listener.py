"""A server in this process."""

import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

from spruce import green
from spruce.green import GreenSocket, listen
from spruce.http import Request, Response
from spruce.server import AccessLog, start

OnHub = Callable[[Callable[[], Any]], Any]
GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"


def hello(request: Request) -> Response:
    return Response("hello", content_type="text/plain")


def sleepy(request: Request) -> Response:
    green.sleep(3600)
    return hello(request)


def read(sock: GreenSocket, wanted: bytes = b"hello") -> bytes:
    data = b""
    while not data.endswith(wanted):
        piece = sock.recv(65536)
        assert piece, f"the connection ended after {data!r}"
        data += piece
    return data


def test_it_serves_in_the_background_of_a_green_thread(on_hub: OnHub) -> None:
    def main() -> None:
        server = start(hello, listen(("127.0.0.1", 0), reuse_port=False))
        with green.connect(server.address) as client:
            client.sendall(GET)
            assert read(client).startswith(b"HTTP/1.1 200 OK\r\n")
        server.stop()

    on_hub(main)


def test_unix_sockets_have_a_path_for_an_address(on_hub: OnHub, tmp_path: Path) -> None:
    def main() -> None:
        server = start(hello, listen(str(tmp_path / "app.sock"), family=socket.AF_UNIX))
        assert server.address == str(tmp_path / "app.sock")
        with green.connect(server.address, family=socket.AF_UNIX) as client:
            client.sendall(GET)
            read(client)
        server.stop()

    on_hub(main)


def test_stopping_finishes_what_is_in_flight(on_hub: OnHub) -> None:
    """And tells the client that the connection ends; a head that has begun may still be completed."""

    def main() -> None:
        gate = green.Event()

        def handler(request: Request) -> Response:
            gate.wait()
            return hello(request)

        server = start(handler, listen(("127.0.0.1", 0), reuse_port=False))
        with green.connect(server.address) as busy, green.connect(server.address) as begun:
            busy.sendall(GET)
            begun.sendall(GET[:10])
            while server.stats() != {"connections": 2, "in_flight": 1}:
                green.sleep(0.001)
            stopping = green.spawn(server.stop)
            while not all(connection.parser.last or connection.parser.ending for connection in server.connections):
                green.sleep(0.001)
            begun.sendall(GET[10:])
            gate.send()
            for client in (busy, begun):
                assert b"\r\nConnection: close\r\n" in read(client)
            stopping.wait()

    on_hub(main)


def test_stopping_answers_who_waits_to_be_accepted_and_closes_the_idle(on_hub: OnHub) -> None:
    def main() -> None:
        server = start(hello, listen(("127.0.0.1", 0), reuse_port=False))
        address = server.address
        with green.connect(address) as idle, socket.create_connection(address) as waiting:  # type: ignore[arg-type] # a pair
            waiting.sendall(GET)
            server.stop()
            assert waiting.recv(65536).endswith(b"hello")
            assert idle.recv(1) == b""
        with socket.socket() as late:
            assert late.connect_ex(address) != 0

    on_hub(main)


def test_what_takes_longer_than_the_grace_time_is_cut(on_hub: OnHub) -> None:
    def main() -> None:
        server = start(sleepy, listen(("127.0.0.1", 0), reuse_port=False))
        with green.connect(server.address) as client:
            client.sendall(GET)
            while not server.stats()["in_flight"]:
                green.sleep(0.001)
            server.stop(grace=0)
            assert client.recv(1) == b""

    on_hub(main)


def test_a_stop_can_be_hurried(on_hub: OnHub) -> None:
    def main() -> None:
        server = start(sleepy, listen(("127.0.0.1", 0), reuse_port=False))
        with green.connect(server.address) as client:
            client.sendall(GET)
            while not server.stats()["in_flight"]:
                green.sleep(0.001)
            stopping = green.spawn(server.stop, 3600)
            while not all(connection.parser.last for connection in server.connections):
                green.sleep(0.001)
            assert not stopping.dead
            server.hurry()
            stopping.wait()

    on_hub(main)


def test_the_access_log_gets_each_answer(on_hub: OnHub, serving: Callable[..., Any]) -> None:
    lines: list[tuple[str, int | None]] = []

    class Log(AccessLog):
        counts_cpu = True

        def write(self, request: Request, response: Response | None, seconds: float, cpu: float) -> None:
            assert 0 < cpu < seconds * 2
            lines.append((request.target, None if response is None else response.status_code))

    def handler(request: Request) -> Response:
        return hello(request) if request.path == "/" else 1 / 0  # type: ignore[return-value] # raises

    def main() -> None:
        with serving(handler, access_log=Log()) as (_, connect):
            connect().ask(GET + GET.replace(b"/ ", b"/boom "))

    on_hub(main)
    assert lines == [("/", 200), ("/boom", 500)]
