"""A prompt inside a running program."""

import sys

from spruce import eventlet, green
from spruce.eventlet import backdoor


def test_a_prompt_with_names_of_the_program() -> None:
    """What is printed goes to who asked; errors too; `exit()` ends it."""

    def main() -> str:
        listener = green.listen(("127.0.0.1", 0))
        server = eventlet.spawn(backdoor.backdoor_server, listener, {"answer": 42})
        with eventlet.connect(listener.getsockname()) as client, client.makefile("rw") as file:
            file.write("print(answer * 2)\nanswer\n1 / 0\nexit()\n")
            file.flush()
            text = file.read()
        server.kill()
        return text

    before = sys.stdout
    text = green.run(main)
    assert sys.stdout is before
    assert ">>> 84\n>>> 42\n>>> Traceback" in text
    assert "ZeroDivisionError: division by zero" in text


def test_who_goes_away_leaves_nothing_behind() -> None:
    """The session ends."""

    def main() -> None:
        listener = green.listen(("127.0.0.1", 0))
        server = eventlet.spawn(backdoor.backdoor_server, listener)
        with eventlet.connect(listener.getsockname()) as client:
            client.recv(10)
        eventlet.sleep(0.001)
        server.kill()

    before = sys.stdout
    green.run(main)
    assert sys.stdout is before
