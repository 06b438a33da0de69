"""Telling systemd how it goes (sd_notify), and taking the sockets that it has opened (socket activation).

The protocols are a datagram of lines to the socket that NOTIFY_SOCKET names, and descriptors from 3 on, whose number
is in LISTEN_FDS. Both are for this process alone, so their variables are taken out of the environment.
"""

import os
import socket
from collections.abc import MutableMapping
from contextlib import suppress

__all__ = ["ServiceManager", "activated_binds"]

_FIRST_DESCRIPTOR = 3


class ServiceManager:
    """The service manager that started this process; `tell` does nothing when there is none.

    `interval` is after how many seconds it wants to hear `WATCHDOG=1` again; None: never.
    """

    def __init__(self, environment: MutableMapping[str, str] = os.environ) -> None:
        address = environment.pop("NOTIFY_SOCKET", "")
        self._address = f"\0{address[1:]}" if address.startswith("@") else address
        microseconds = environment.pop("WATCHDOG_USEC", "")
        meant = environment.pop("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
        watched = self._address and meant and microseconds.isdigit() and int(microseconds) > 0
        self.interval = int(microseconds) / 2e6 if watched else None

    def tell(self, **facts: object) -> None:
        """Send facts such as READY=1; one that cannot be sent is dropped, since there is nobody to tell."""
        if self._address:
            with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
                sock.settimeout(1)
                sock.connect(self._address)
                sock.send("\n".join(f"{name}={value}" for name, value in facts.items()).encode())


def activated_binds(environment: MutableMapping[str, str] = os.environ) -> list[str]:
    """Return the sockets that the service manager has opened for this process, as fd://3; none in most cases."""
    pid, count = environment.pop("LISTEN_PID", ""), environment.pop("LISTEN_FDS", "")
    environment.pop("LISTEN_FDNAMES", None)
    if pid != str(os.getpid()) or not count.isdigit():
        return []
    return [f"fd://{_FIRST_DESCRIPTOR + number}" for number in range(int(count))]
