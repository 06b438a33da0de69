"""`spruce.eventlet.greenthread` has the names of `spruce.green`, but for `sleep` and the names of parameters."""

import socket

import spruce.eventlet
from spruce import green
from spruce.eventlet import greenthread


def test_the_names_are_those_of_green() -> None:
    for name in greenthread.__all__:
        if name != "sleep" and not name.startswith("spawn"):
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


def test_threads_are_spawned_by_keywords_too() -> None:
    """As eventlet names them; whatever names the function has for its own."""

    def main() -> list[dict[str, int]]:
        started = [
            greenthread.spawn(func=dict, function=1),
            greenthread.spawn_n(func=dict, function=2),
            greenthread.spawn_after(seconds=0, func=dict, function=3),
            greenthread.spawn_after_local(seconds=0, func=dict, function=4),
        ]
        return [thread.wait() for thread in started]

    assert green.run(main) == [{"function": number} for number in (1, 2, 3, 4)]
