"""serve: a green thread for each connection, until a handler says stop."""

import pytest

from spruce import green

pytestmark = pytest.mark.usefixtures("everywhere")


@pytest.fixture
def listener():
    """A listening socket."""
    with green.listen(("127.0.0.1", 0)) as sock:
        yield sock


def ask(listener, text):
    """Connect, say something, and return all that is answered until the connection is closed."""
    with green.connect(listener.getsockname()) as sock:
        sock.sendall(text)
        answer = b""
        while data := sock.recv(100):
            answer += data
        return answer


def handle(connection, address):
    text = connection.recv(100)
    if text == b"stop":
        raise green.StopServe
    if text == b"fail":
        raise ValueError("in a handler")
    assert address[0] == "127.0.0.1"
    connection.sendall(text.upper())


def test_each_connection_is_handled_and_closed(listener):
    """At the same time; until a handler raises StopServe."""
    server = green.spawn(green.serve, listener, handle)
    clients = [green.spawn(ask, listener, b"hello %d" % number) for number in range(20)]
    assert [client.wait() for client in clients] == [b"HELLO %d" % number for number in range(20)]
    assert ask(listener, b"stop") == b""
    assert server.wait() is None


def test_so_many_at_a_time(listener):
    """The next connection waits to be accepted."""
    running, go = [], green.Event()

    def slow(connection, _):
        running.append(connection.recv(100))
        go.wait()

    server = green.spawn(green.serve, listener, slow, concurrency=2)
    clients = [green.spawn(ask, listener, b"hello") for _ in range(4)]
    while len(running) < 2:
        green.sleep(0.001)
    for _ in range(20):
        green.sleep(0)
    assert len(running) == 2
    go.send()
    assert [client.wait() for client in clients] == [b""] * 4
    server.kill()


def test_a_handlers_failure_is_raised_by_serve(listener):
    """So that it isn't overlooked; a killed handler is no failure."""
    server = green.spawn(green.serve, listener, handle)
    assert ask(listener, b"fail") == b""
    with pytest.raises(ValueError, match="in a handler"):
        server.wait()

    handlers = []

    def parked(connection, _):
        connection.recv(100)
        handlers.append(green.getcurrent())
        green.sleep(60)

    server = green.spawn(green.serve, listener, parked)
    client = green.spawn(ask, listener, b"hello")
    while not handlers:
        green.sleep(0.001)
    handlers[0].kill()
    assert client.wait() == b""
    assert not server.dead
    server.kill()
