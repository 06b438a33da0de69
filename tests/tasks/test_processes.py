"""Processes that do nothing but run jobs; how they run is tested in tests/real."""

import os

import pytest

from spruce import App
from spruce.errors import ConfigError
from spruce.tasks.processes import Orders, serve


def test_without_fork_there_is_one_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "fork")
    with pytest.raises(ConfigError) as refused:
        serve(App("a", static_folder=None), 1, Orders(1))
    assert str(refused.value) == "this system has no fork, so a worker is one process. Say --processes 0."
