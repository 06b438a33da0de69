"""The Cache-Control header as attributes (RFC 9111 section 5.2, RFC 5861, RFC 8246)."""

from typing import overload

from spruce.http.headers import Headers

__all__ = ["CacheControl"]


class _Flag:
    """A directive that is there or not."""

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name.replace("_", "-")

    @overload
    def __get__(self, instance: None, owner: type) -> "_Flag": ...
    @overload
    def __get__(self, instance: "CacheControl", owner: type) -> bool: ...
    def __get__(self, instance: "CacheControl | None", owner: type) -> "_Flag | bool":
        return self if instance is None else self.name in instance.directives()

    def __set__(self, instance: "CacheControl", value: bool) -> None:
        instance.set(self.name, "" if value else None)


class _Seconds:
    """A directive with a number of seconds; None where it is missing or no number."""

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name.replace("_", "-")

    @overload
    def __get__(self, instance: None, owner: type) -> "_Seconds": ...
    @overload
    def __get__(self, instance: "CacheControl", owner: type) -> int | None: ...
    def __get__(self, instance: "CacheControl | None", owner: type) -> "_Seconds | int | None":
        if instance is None:
            return self
        text = instance.directives().get(self.name) or ""
        return int(text) if text.isascii() and text.isdigit() else None

    def __set__(self, instance: "CacheControl", value: int | None) -> None:
        instance.set(self.name, None if value is None else str(int(value)))


class CacheControl:
    """The Cache-Control header of a request or response; assigning to an attribute of a response's changes the header.

    Names are those of the directives, with underscores. Seconds are None where a directive isn't there.
    """

    __slots__ = ("_headers",)

    no_cache = _Flag()
    no_store = _Flag()
    no_transform = _Flag()
    must_revalidate = _Flag()
    must_understand = _Flag()
    proxy_revalidate = _Flag()
    public = _Flag()
    private = _Flag()
    immutable = _Flag()
    only_if_cached = _Flag()
    max_age = _Seconds()
    s_maxage = _Seconds()
    max_stale = _Seconds()
    min_fresh = _Seconds()
    stale_while_revalidate = _Seconds()
    stale_if_error = _Seconds()

    def __init__(self, headers: Headers) -> None:
        self._headers = headers

    def directives(self) -> dict[str, str]:
        """Return all directives, in lower case, with their values; the value of one without any is empty."""
        found: dict[str, str] = {}
        for part in ",".join(self._headers.getlist("Cache-Control")).split(","):
            name, _, value = part.strip().partition("=")
            if name:
                found.setdefault(name.lower(), value.strip('"'))
        return found

    def set(self, name: str, value: str | None) -> None:
        """Set one directive; empty for one without a value, None takes it away, and the header with the last one."""
        found = self.directives()
        found.pop(name, None)
        if value is not None:
            found[name] = value
        if found:
            text = ", ".join(f"{name}={value}" if value else name for name, value in found.items())
            self._headers.set("Cache-Control", text)
        else:
            self._headers.remove("Cache-Control")

    def __repr__(self) -> str:
        return f"<CacheControl {self._headers.get('Cache-Control', 'without directives')}>"
