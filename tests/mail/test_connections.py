"""Which way mails leave."""

import pytest

from spruce import App
from spruce.errors import ConfigError
from spruce.mail.connections import EmailBackend, get_connection
from spruce.mail.console import ConsoleBackend
from spruce.mail.files import FileBackend
from spruce.mail.memory import DummyBackend, MemoryBackend
from spruce.mail.smtp import SMTPBackend


def test_the_settings_say_which(app: App) -> None:
    assert type(get_connection()) is ConsoleBackend
    app.config["EMAIL_HOST"] = "mail.example.com"
    assert type(get_connection()) is SMTPBackend
    app.config["TESTING"] = True
    assert type(get_connection()) is MemoryBackend
    app.config["EMAIL_BACKEND"] = "dummy"
    assert type(get_connection()) is DummyBackend
    assert type(get_connection("spruce.mail.files.FileBackend")) is FileBackend
    assert type(get_connection(ConsoleBackend, fail_silently=True)) is ConsoleBackend


def test_a_wrong_name_is_told(app: App) -> None:
    with pytest.raises(ConfigError) as caught:
        get_connection("consol")
    assert str(caught.value) == (
        "EMAIL_BACKEND is 'consol', which cannot be found; did you mean 'console'? "
        "It is 'smtp', 'console', 'file', 'memory', 'dummy', or 'package.module.Class'."
    )


def test_one_of_ones_own_says_how_to_send() -> None:
    with EmailBackend() as backend, pytest.raises(NotImplementedError, match=r"has to have send_messages\(\)$"):
        backend.send_messages([])
