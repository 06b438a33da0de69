"""Which settings hold where."""

from collections.abc import Iterator
from contextvars import copy_context
from threading import Thread

import pytest

from spruce import config
from spruce.config import Settings


@pytest.fixture(autouse=True)
def nothing_installed() -> Iterator[None]:
    before = config.current()
    config.install(None)
    yield
    config.install(before)


def test_defaults_hold_when_there_is_no_app() -> None:
    """Without an app there are the defaults, and the same ones each time."""
    assert config.current() == Settings()
    assert config.current() is config.current()


def test_the_installed_settings_hold_in_every_thread() -> None:
    """A plain script and its OS threads see the last app's settings."""
    settings, seen = Settings(COLOUR="red"), []
    config.install(settings)
    thread = Thread(target=lambda: seen.append(config.current()))
    thread.start()
    thread.join()
    assert config.current() is settings
    assert seen == [settings]
    assert seen[0] is settings


def test_used_settings_win_until_left() -> None:
    """Entered settings nest, and leaving brings the outer ones back."""
    installed, outer, inner = Settings(), Settings(), Settings()
    config.install(installed)
    outer_token = config.use(outer)
    inner_token = config.use(inner)
    assert config.current() is inner
    config.leave(inner_token)
    assert config.current() is outer
    config.leave(outer_token)
    assert config.current() is installed


def test_used_settings_hold_in_their_context_only() -> None:
    """Another context, as another green thread has, is not touched."""
    settings = Settings()
    copy_context().run(config.use, settings)
    assert config.current() is not settings


def test_emptied_settings_still_hold() -> None:
    """Settings without keys are still the ones that were entered."""
    settings = Settings()
    settings.clear()
    token = config.use(settings)
    assert config.current() is settings
    config.leave(token)
