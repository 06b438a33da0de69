"""What systemd is told, and what it gives."""

import os
import socket
from pathlib import Path

import pytest

from spruce.server.notify import ServiceManager, activated_binds


def test_facts_are_told_in_lines(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(str(tmp_path / "notify"))
        environment = {"NOTIFY_SOCKET": str(tmp_path / "notify"), "PATH": "/bin"}
        manager = ServiceManager(environment)
        manager.tell(READY=1, STATUS="serving")
        assert listening.recv(1000) == b"READY=1\nSTATUS=serving"
    manager.tell(STOPPING=1)  # nobody listens any more
    assert environment == {"PATH": "/bin"}
    assert manager.interval is None


def test_an_address_may_be_abstract() -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(f"\0spruce-test-{os.getpid()}")
        ServiceManager({"NOTIFY_SOCKET": f"@spruce-test-{os.getpid()}"}).tell(READY=1)
        assert listening.recv(1000) == b"READY=1"


def test_without_a_manager_nothing_is_told() -> None:
    ServiceManager({}).tell(READY=1)


@pytest.mark.parametrize(
    ("variables", "interval"),
    [
        ({"WATCHDOG_USEC": "30000000"}, 15.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": str(os.getpid())}, 15.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "1"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({}, None),
    ],
)
def test_the_watchdog_hears_twice_in_its_time(variables: dict[str, str], interval: float | None) -> None:
    assert ServiceManager({"NOTIFY_SOCKET": "/run/notify", **variables}).interval == interval


def test_sockets_that_were_opened_for_this_process_are_taken_once() -> None:
    environment = {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": "2", "LISTEN_FDNAMES": "a:b"}
    assert activated_binds(environment) == ["fd://3", "fd://4"]
    assert environment == {}
    assert activated_binds(environment) == []
    assert activated_binds({"LISTEN_PID": "1", "LISTEN_FDS": "2"}) == []
