"""`caches` and `cache`: the caches that the setting CACHES describes, made when they are first used."""

from collections.abc import Callable, Iterator, Mapping
from functools import wraps
from importlib import import_module
from inspect import isfunction
from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit

from spruce import config
from spruce.cache.dependencies import watch
from spruce.cache.dummy import DummyStore
from spruce.cache.memory import MemoryStore
from spruce.cache.operations import Cache
from spruce.cache.serializers import Codec, JSONSerializer, MsgpackSerializer, PickleSerializer
from spruce.cache.stores import Store
from spruce.errors import ConfigError, nearest

__all__ = ["OPERATIONS", "Caches", "cache", "caches", "watch_database"]

_DEFAULT = "default"
_RESOURCE = "spruce.cache"

_KINDS = {
    "memory": "memory",
    "dummy": "dummy",
    "database": "database",
    "redis": "redis",
    "rediss": "redis",
    "redis+sentinel": "redis",
    "unix": "redis",
    "valkey": "redis",
    "valkeys": "redis",
    "near+redis": "redis",
    "near+rediss": "redis",
}
_BACKENDS = {  # the last part of the names that Django's and django-redis' settings use
    "LocMemCache": "memory",
    "MemoryCache": "memory",
    "DummyCache": "dummy",
    "DatabaseCache": "database",
    "RedisCache": "redis",
    "NearCache": "near",
}
_SERIALIZERS: dict[str, Callable[[], Any]] = {
    "msgpack": MsgpackSerializer,
    "json": JSONSerializer,
    "pickle": PickleSerializer,
}
_KEYS = ("BACKEND", "LOCATION", "TIMEOUT", "KEY_PREFIX", "VERSION", "KEY_FUNCTION", "OPTIONS")


class Caches:
    """The caches of some settings, by alias."""

    def __init__(self, described: Mapping[str, Any]) -> None:
        self._described = {_DEFAULT: "memory://", **described}
        self._made: dict[str, Cache] = {}

    def __getitem__(self, alias: str) -> Cache:
        """The cache of an alias. Raises ConfigError if there is none, or if it cannot be made."""
        made = self._made.get(alias)
        if made is None:
            if alias not in self._described:
                raise ConfigError(
                    f"there is no cache {alias!r} in CACHES{nearest(alias, self._described)}",
                    hint=f"Aliases: {', '.join(self._described)}.",
                )
            made = self._made.setdefault(alias, _make(alias, self._described[alias]))
        return made

    def __iter__(self) -> Iterator[str]:
        return iter(self._described)

    def close(self) -> None:
        """Close the connections of all caches."""
        for made in self._made.values():
            made.close()


def _current() -> Caches:
    settings = config.current()
    made = settings.resources.get(_RESOURCE)
    if made is None:
        made = settings.resources.setdefault(_RESOURCE, Caches(settings["CACHES"]))
    return made  # type: ignore[return-value]  # nobody else keeps anything under this name


def watch_database(settings: config.Settings) -> None:
    """Let the caches of CACHE_DEPENDS know, from now on, of what this process commits."""
    token = config.use(settings)
    try:
        for alias in settings["CACHE_DEPENDS"]:
            watch(_current()[alias])
    finally:
        config.leave(token)


class _CurrentCaches:
    """`caches["default"]`: the caches of the settings that hold where it is used."""

    def __getitem__(self, alias: str) -> Cache:
        return _current()[alias]

    def __iter__(self) -> Iterator[str]:
        return iter(_current())

    def __contains__(self, alias: str) -> bool:
        return alias in list(_current())

    def close_all(self) -> None:
        """Close the connections of all caches; they are made again when needed."""
        _current().close()


class _DefaultCache:
    """`cache`: `caches["default"]`, wherever it is used."""

    def __getattr__(self, name: str) -> Any:
        return getattr(_default(), name)

    def __contains__(self, key: str) -> bool:
        return key in _default()

    def __repr__(self) -> str:
        return f"<cache: {_default()!r}>"


def _default() -> Cache:
    return _current()[_DEFAULT]


def _forward(name: str) -> Callable[..., Any]:
    """A method of `cache` that calls the cache's own; looked up as an attribute it would take four times as long."""
    method = getattr(Cache, name)

    @wraps(method)
    def call(self: _DefaultCache, *args: Any, **kwargs: Any) -> Any:
        return method(_default(), *args, **kwargs)

    return call


_INNER = ("drop_tokens", "recording")
OPERATIONS = tuple(
    name for name, value in vars(Cache).items() if isfunction(value) and not name.startswith("_") and name not in _INNER
)
"""The names of what a cache can do."""

for _name in OPERATIONS:
    setattr(_DefaultCache, _name, _forward(_name))

caches = _CurrentCaches()
cache: Cache = _DefaultCache()  # type: ignore[assignment]  # it has all that a Cache has


# From a description to a cache


def _make(alias: str, described: Any) -> Cache:
    place = f"CACHES[{alias!r}]"
    about: Any = {"LOCATION": described} if isinstance(described, str) else described
    if not isinstance(about, Mapping):
        raise ConfigError(f"{place} is {described!r}", hint='Write a URL, as "redis://127.0.0.1:6379/0", or a dict.')
    for key in about:
        if key not in _KEYS and key != "PASSWORD":
            raise ConfigError(f"{place} has {key!r}{nearest(key, _KEYS)}", hint=f"Keys: {', '.join(_KEYS)}, PASSWORD.")
    kind, location = _kind(about, place)
    options = dict(about.get("OPTIONS") or {})
    prefix = about.get("KEY_PREFIX", "")
    store = _STORES[kind](location, options, about, place)
    return Cache(
        store,
        alias=alias,
        timeout=about.get("TIMEOUT", 300),
        prefix=prefix,
        version=about.get("VERSION", 1),
        key_function=_imported(about.get("KEY_FUNCTION"), place),
        shared=kind in ("redis", "near", "database"),
        fallible=kind in ("redis", "near"),
        tracked=kind in ("memory", "dummy") or alias in config.current()["CACHE_DEPENDS"],
    )


def _kind(about: Mapping[str, Any], place: str) -> tuple[str, str]:
    """What kind of store it is, and where that is."""
    location = about.get("LOCATION") or ""
    if isinstance(location, list | tuple):
        location = location[0]
    backend = about.get("BACKEND")
    if backend is not None:
        name = str(backend).rpartition(".")[2]
        if name not in _BACKENDS:
            raise ConfigError(
                f"{place} has the BACKEND {backend!r}, which Spruce doesn't know{nearest(name, _BACKENDS)}",
                hint=f"Names: {', '.join(_BACKENDS)}; or leave BACKEND out and write a URL as LOCATION.",
            )
        return _BACKENDS[name], location
    scheme = location.partition("://")[0]
    if "://" not in location or scheme not in _KINDS:
        raise ConfigError(
            f"{place} is {location!r}, which is no URL of a cache{nearest(scheme, _KINDS)}",
            hint="Examples: memory://, redis://127.0.0.1:6379/0, near+redis://…, database://default, dummy://",
        )
    if scheme.startswith("near+"):
        return "near", location.removeprefix("near+")
    return _KINDS[scheme], location


def _memory(location: str, options: dict[str, Any], about: Mapping[str, Any], place: str) -> MemoryStore:
    return MemoryStore(**_options(options, {"MAX_ENTRIES": "max_entries", "MAX_BYTES": "max_bytes"}, place))


def _dummy(location: str, options: dict[str, Any], about: Mapping[str, Any], place: str) -> Store:
    return DummyStore()


def _database(location: str, options: dict[str, Any], about: Mapping[str, Any], place: str) -> Store:
    from spruce.cache.database import DatabaseStore  # a model, and all that models need, for those who use it

    codec = _codec(options, place)
    return DatabaseStore(
        codec, location.partition("://")[2] or _DEFAULT, **_options(options, {"MAX_ENTRIES": "max_entries"}, place)
    )


def _redis(location: str, options: dict[str, Any], about: Mapping[str, Any], place: str) -> Any:
    try:
        from spruce.cache.redisserver import RedisServer  # redis is an optional dependency
        from spruce.cache.redisstore import RedisStore
    except ModuleNotFoundError as error:
        raise ConfigError(f"{place} needs the package redis", hint="pip install 'spruce[redis]'") from error
    codec = _codec(options, place)
    names = {"SOCKET_TIMEOUT": "timeout"}
    password = about.get("PASSWORD", options.pop("PASSWORD", None))
    return RedisStore(RedisServer(_with_password(location, password), **_options(options, names, place)), codec)


def _near(location: str, options: dict[str, Any], about: Mapping[str, Any], place: str) -> Store:
    from spruce.cache.near import NearStore  # the same

    near: dict[str, Any] = {name: options.pop(name) for name in ("MAX_ENTRIES", "MAX_BYTES") if name in options}
    seconds = options.pop("NEAR_SECONDS", 30.0)
    far = _redis(location, options, about, place)
    return NearStore(far, _memory("", near, about, place), f"{about.get('KEY_PREFIX', '')}:changes", seconds)


_STORES: dict[str, Callable[[str, dict[str, Any], Mapping[str, Any], str], Any]] = {
    "memory": _memory,
    "dummy": _dummy,
    "database": _database,
    "redis": _redis,
    "near": _near,
}


def _options(options: dict[str, Any], names: dict[str, str], place: str) -> dict[str, Any]:
    for name in options:
        if name not in names:
            known = [*names, "SERIALIZER"]
            raise ConfigError(
                f"{place} has the option {name!r}{nearest(name, known)}", hint=f"Options: {', '.join(known)}."
            )
    return {names[name]: value for name, value in options.items()}


def _codec(options: dict[str, Any], place: str) -> Codec:
    chosen = options.pop("SERIALIZER", "msgpack")
    if isinstance(chosen, str) and chosen not in _SERIALIZERS:
        name = chosen.rpartition(".")[2].removesuffix("Serializer").lower()  # django-redis' dotted names
        chosen = _SERIALIZERS.get(name) or _imported(chosen, place)
    made = _SERIALIZERS[chosen]() if isinstance(chosen, str) else chosen
    return Codec(made() if isinstance(made, type) else made)


def _imported(named: Any, place: str) -> Any:
    if not isinstance(named, str):
        return named
    module, _, name = named.rpartition(".")
    try:
        return getattr(import_module(module), name)
    except (ImportError, AttributeError, ValueError) as error:
        raise ConfigError(f"{place} names {named!r}, which cannot be imported: {error}") from error


def _with_password(url: str, password: str | None) -> str:
    parts = urlsplit(url)
    if not password or parts.password:
        return url
    return urlunsplit(
        parts._replace(netloc=f"{parts.username or ''}:{quote(password, safe='')}@{parts.netloc.rpartition('@')[2]}")
    )
