"""What a client accepts: Accept, Accept-Language, Accept-Charset and Accept-Encoding (RFC 9110 section 12.5)."""

from collections.abc import Iterable, Iterator

from spruce.http.media import is_json, parse_options

__all__ = ["Accept"]


class Accept:
    """Values in order of the client's preference; `accept["x"]` is the quality of x from 0 to 1.

    An empty one, which is what a missing header makes, accepts nothing by name: `best_match` returns its default.
    """

    __slots__ = ("_ranges",)

    def __init__(self, header: str = "") -> None:
        self._ranges: list[tuple[str, float]] = []
        for part in header.split(","):
            value, options = parse_options(part)
            if value:
                self._ranges.append((value.lower(), _quality(options.get("q", "1"))))
        self._ranges.sort(key=lambda item: item[1], reverse=True)

    def quality(self, value: str) -> float:
        """Return how much `value` is wanted: that of the most specific range that fits, 0 when none does."""
        fitting = [(_specificity(wanted), quality) for wanted, quality in self._ranges if _fits(wanted, value.lower())]
        return max(fitting)[1] if fitting else 0

    def best_match(self, values: Iterable[str], default: str | None = None) -> str | None:
        """Return the one of `values` that the client wants most, the first of equals; `default` when it wants none."""
        best, best_quality = default, 0.0
        for value in values:
            quality = self.quality(value)
            if quality > best_quality:
                best, best_quality = value, quality
        return best

    @property
    def best(self) -> str | None:
        """The value that comes first, or None."""
        return self._ranges[0][0] if self._ranges else None

    @property
    def accept_html(self) -> bool:
        """Whether HTML is accepted."""
        return self.quality("text/html") > 0 or self.quality("application/xhtml+xml") > 0

    @property
    def accept_json(self) -> bool:
        """Whether JSON is accepted."""
        return self.quality("application/json") > 0 or any(is_json(wanted) for wanted, _ in self._ranges)

    def values(self) -> Iterator[str]:
        """Iterate over the values without their quality."""
        return (value for value, _ in self._ranges)

    def __getitem__(self, value: str) -> float:
        return self.quality(value)

    def __contains__(self, value: object) -> bool:
        return isinstance(value, str) and self.quality(value) > 0

    def __iter__(self) -> Iterator[tuple[str, float]]:
        return iter(self._ranges)

    def __len__(self) -> int:
        return len(self._ranges)

    def __bool__(self) -> bool:
        return bool(self._ranges)

    def __repr__(self) -> str:
        return f"Accept({self._ranges!r})"


def _quality(text: str) -> float:
    try:
        return min(1.0, max(0.0, float(text)))
    except ValueError:
        return 0.0


def _fits(wanted: str, value: str) -> bool:
    if wanted in ("*", "*/*", value):
        return True
    if wanted.endswith("/*"):
        return value.startswith(wanted[:-1])
    return value.startswith(wanted + "-")


def _specificity(wanted: str) -> int:
    return 0 if wanted in ("*", "*/*") else 1 if wanted.endswith("/*") else 2 + wanted.count("-")
