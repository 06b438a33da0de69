"""`eventlet.support.greendns`: names and addresses, looked up by the system's resolver in OS threads.

eventlet's own asks name servers itself, by dnspython. Here all that the system knows holds: `/etc/hosts` and the rest.
"""

import ipaddress

from spruce.patching.names import getaddrinfo, gethostbyaddr, gethostbyname, gethostbyname_ex, getnameinfo

__all__ = [
    "getaddrinfo",
    "gethostbyaddr",
    "gethostbyname",
    "gethostbyname_ex",
    "getnameinfo",
    "is_ip_addr",
    "is_ipv4_addr",
    "is_ipv6_addr",
]


def is_ip_addr(host: str | bytes) -> bool:
    """Whether `host` is an address rather than a name; one of IPv6 may have a scope, as fe80::1%eth0."""
    try:
        ipaddress.ip_address(host.decode("ascii") if isinstance(host, bytes) else host)
    except ValueError:
        return False
    return True


def is_ipv4_addr(host: str | bytes) -> bool:
    """Whether `host` is an address of IPv4."""
    return is_ip_addr(host) and (b":" not in host if isinstance(host, bytes) else ":" not in host)


def is_ipv6_addr(host: str | bytes) -> bool:
    """Whether `host` is an address of IPv6."""
    return is_ip_addr(host) and not is_ipv4_addr(host)
