"""Time zones, by Django's names: times are kept in UTC and shown in the zone of whom they are shown to."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones

from spruce import config
from spruce.errors import ConfigError, nearest

__all__ = [
    "activate",
    "deactivate",
    "get_current_timezone",
    "get_current_timezone_name",
    "get_default_timezone",
    "is_aware",
    "is_naive",
    "localdate",
    "localtime",
    "make_aware",
    "make_naive",
    "now",
    "override",
    "zone",
]

_active: ContextVar[tzinfo | None] = ContextVar("spruce_time_zone", default=None)


def now() -> datetime:
    """Return the time now, aware, in UTC."""
    return datetime.now(UTC)


def activate(timezone: tzinfo | str) -> None:
    """Let a zone, such as `Asia/Shanghai`, hold from here on, in this green thread, task or OS thread."""
    _active.set(zone(timezone))


def deactivate() -> None:
    """Go back to TIME_ZONE."""
    _active.set(None)


@contextmanager
def override(timezone: tzinfo | str | None) -> Iterator[None]:
    """Let a zone hold inside of a `with`; None stands for TIME_ZONE."""
    token = _active.set(None if timezone is None else zone(timezone))
    try:
        yield
    finally:
        _active.reset(token)


def get_default_timezone() -> tzinfo:
    """Return the zone of the setting TIME_ZONE. Raises: ConfigError when there is no such zone."""
    return zone(config.current()["TIME_ZONE"])


def get_current_timezone() -> tzinfo:
    """Return the zone that holds here: the activated one, else TIME_ZONE."""
    return _active.get() or get_default_timezone()


def get_current_timezone_name() -> str:
    """Return the name of the zone that holds here, as `Europe/Paris`."""
    current = get_current_timezone()
    return current.key if isinstance(current, ZoneInfo) else str(current)


def localtime(value: datetime | None = None, timezone: tzinfo | str | None = None) -> datetime:
    """Return a moment, which is now unless given, in a zone, which is the current one unless given.

    Raises: ValueError for a naive datetime, since nobody knows where its clock stands.
    """
    moment = now() if value is None else value
    if is_naive(moment):
        raise ValueError(f"localtime() takes an aware datetime, and {moment!r} has no zone; make_aware() gives it one")
    return moment.astimezone(get_current_timezone() if timezone is None else zone(timezone))


def localdate(value: datetime | None = None, timezone: tzinfo | str | None = None) -> date:
    """Return the day on which a moment falls in a zone; both as for `localtime`."""
    return localtime(value, timezone).date()


def is_aware(value: datetime) -> bool:
    """Whether a datetime says in which zone it is."""
    return value.utcoffset() is not None


def is_naive(value: datetime) -> bool:
    """Whether a datetime doesn't say in which zone it is."""
    return value.utcoffset() is None


def make_aware(value: datetime, timezone: tzinfo | str | None = None) -> datetime:
    """Return a naive datetime as one of a zone, the current one unless given. Raises: ValueError if it has one."""
    if is_aware(value):
        raise ValueError(f"make_aware() takes a naive datetime, and {value!r} has a zone; astimezone() changes it")
    return value.replace(tzinfo=get_current_timezone() if timezone is None else zone(timezone))


def make_naive(value: datetime, timezone: tzinfo | str | None = None) -> datetime:
    """Return the reading of a zone's clock at a moment, without the zone. Raises: ValueError for a naive one."""
    if is_naive(value):
        raise ValueError(f"make_naive() takes an aware datetime, and {value!r} has no zone")
    return value.astimezone(get_current_timezone() if timezone is None else zone(timezone)).replace(tzinfo=None)


def zone(name: tzinfo | str) -> tzinfo:
    """Return the zone of a name such as `Asia/Shanghai`; a zone itself as it is.

    Raises: ConfigError when there is no such zone.
    """
    return name if isinstance(name, tzinfo) else _named(name)


@lru_cache(256)
def _named(name: str) -> tzinfo:
    try:
        return UTC if name.upper() == "UTC" else ZoneInfo(name)
    except (LookupError, OSError, ValueError):
        raise ConfigError(
            f"there is no time zone {name!r}{nearest(name, available_timezones())}",
            hint="Zones have names like 'Asia/Shanghai' and 'UTC'; the package tzdata has them all.",
        ) from None
