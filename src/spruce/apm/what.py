"""What spans, requests and responses are, and labels: values that many may have in common."""

from collections.abc import Mapping
from typing import Any, NamedTuple

__all__ = ["Answered", "Asked", "What", "bridged_labels", "clean_labels"]

_LONGEST = 1024  # characters of keywords in Elastic's schemas


class What(NamedTuple):
    """What a span is: all that may be the same for many of them, such as those of one query."""

    name: str
    type: str
    subtype: str | None = None
    action: str | None = None
    leaf: bool = False
    exit: bool = False
    resource: str = ""
    context: Mapping[str, Any] | None = None


What.__hash__ = object.__hash__  # type: ignore[method-assign] # by itself: what is known of one is kept by it


class Asked(NamedTuple):
    """A request as it is told. Headers, cookies and body are there where settings say so, without what is secret."""

    method: str
    scheme: str
    host: str
    target: str
    http_version: str
    client: str | None
    headers: Mapping[str, str] | None = None
    cookies: Mapping[str, str] | None = None
    body: str | None = None


class Answered(NamedTuple):
    """A response as it is told."""

    status: int | None
    headers: Mapping[str, str] | None = None


def clean_labels(labels: Mapping[str, Any]) -> dict[str, Any]:
    """Labels as Elastic takes them: no `.`, `*` and `"` in names; numbers, booleans, texts of 1,024 characters."""
    return {
        str(name).replace(".", "_").replace("*", "_").replace('"', "_"): (
            value if isinstance(value, bool | int | float) or value is None else str(value)[:_LONGEST]
        )
        for name, value in labels.items()
    }


def bridged_labels(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """OpenTelemetry's attributes as labels; what is a list becomes a text."""
    return clean_labels(
        {name: ", ".join(map(str, one)) if isinstance(one, list | tuple) else one for name, one in attributes.items()}
    )
