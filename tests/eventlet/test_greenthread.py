"""`spruce.eventlet.greenthread` has eventlet's names, and they are those of `spruce.green`, but for `sleep`."""

import socket

import spruce.eventlet
from spruce import green
from spruce.eventlet import greenthread


def test_the_names_are_those_of_green() -> None:
    for name in greenthread.__all__:
        if name != "sleep":
            assert getattr(greenthread, name) is getattr(green, name)
    assert spruce.eventlet.greenthread is greenthread


def test_sleep_lets_those_run_whose_sockets_are_ready() -> None:
    """As eventlet's hub, which looks at sockets each time."""

    def main() -> list[bytes]:
        ours, theirs = (green.GreenSocket(fileno=sock.detach()) for sock in socket.socketpair())
        got: list[bytes] = []
        with ours, theirs:
            green.spawn(lambda: got.append(ours.recv(1)))
            greenthread.sleep(0)
            theirs.send(b"1")
            greenthread.sleep(0)
            return list(got)

    assert green.run(main) == [b"1"]
    assert green.run(greenthread.sleep, 0.001) is None
