"""Names of hosts for patched programs: what the system's resolver is asked for is asked in an OS thread."""

import socket
from collections.abc import Callable
from typing import Any, TypeVar

from spruce.green import tpool
from spruce.green.runtime import can_yield

__all__ = ["getaddrinfo", "gethostbyaddr", "gethostbyname", "gethostbyname_ex", "getnameinfo"]

T = TypeVar("T")
_getaddrinfo, _getnameinfo = socket.getaddrinfo, socket.getnameinfo
_gethostbyname, _gethostbyname_ex = socket.gethostbyname, socket.gethostbyname_ex
_gethostbyaddr = socket.gethostbyaddr


def _ask(question: Callable[..., T], *args: Any) -> T:
    return tpool.execute(question, *args) if can_yield() else question(*args)


def getaddrinfo(host: Any, port: Any, family: int = 0, type: int = 0, proto: int = 0, flags: int = 0) -> Any:  # noqa: A002 - its name
    """As `socket.getaddrinfo`; an address in numbers needs nobody to be asked."""
    try:
        return _getaddrinfo(host, port, family, type, proto, flags | socket.AI_NUMERICHOST)
    except socket.gaierror as error:
        if error.errno != socket.EAI_NONAME:
            raise
    return _ask(_getaddrinfo, host, port, family, type, proto, flags)


def getnameinfo(sockaddr: Any, flags: int, /) -> tuple[str, str]:
    """As `socket.getnameinfo`."""
    return _ask(_getnameinfo, sockaddr, flags)


def gethostbyname(hostname: str, /) -> str:
    """As `socket.gethostbyname`."""
    return _ask(_gethostbyname, hostname)


def gethostbyname_ex(hostname: str, /) -> tuple[str, list[str], list[str]]:
    """As `socket.gethostbyname_ex`."""
    return _ask(_gethostbyname_ex, hostname)


def gethostbyaddr(ip_address: str, /) -> tuple[str, list[str], list[str]]:
    """As `socket.gethostbyaddr`."""
    return _ask(_gethostbyaddr, ip_address)
