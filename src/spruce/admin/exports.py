"""Exports of a list: CSV and JSON, row by row as they come from the database, whatever their number."""

import csv
import io
from collections.abc import Iterator
from typing import Any

from spruce.http import Response
from spruce.web import stream_with_context
from spruce.web.jsonprovider import to_json

__all__ = ["FORMULAS", "as_csv", "as_json", "safe_cell"]

FORMULAS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")  # the last are full-width


def safe_cell(value: Any) -> Any:
    """A value as it may stand in what a spreadsheet opens: a text that would be a formula gets an apostrophe."""
    if value is None:
        return ""
    if isinstance(value, str) and value.startswith(FORMULAS):
        return f"'{value}"
    return value


def _rows(query: Any, names: list[str]) -> Iterator[tuple[Any, ...]]:
    yield from query.values_list(*names).iterator()


def as_csv(query: Any, names: list[str], filename: str) -> Response:
    """The rows as CSV (RFC 4180) in UTF-8, with a mark by which spreadsheets know that."""

    def lines() -> Iterator[bytes]:
        buffer = io.StringIO()
        writer = csv.writer(buffer)
        buffer.write("\ufeff")
        writer.writerow(names)
        for row in _rows(query, names):
            writer.writerow([safe_cell(value) for value in row])
            if buffer.tell() > 16_384:
                yield buffer.getvalue().encode()
                buffer.seek(0)
                buffer.truncate()
        yield buffer.getvalue().encode()

    return _sent(lines(), "text/csv", f"{filename}.csv")


def as_json(query: Any, names: list[str], filename: str) -> Response:
    """The rows as a JSON list of objects."""

    def lines() -> Iterator[bytes]:
        between = b"[\n"
        for row in _rows(query, names):
            yield between + to_json(dict(zip(names, row, strict=True)))
            between = b",\n"
        yield b"[]\n" if between == b"[\n" else b"\n]\n"

    return _sent(lines(), "application/json", f"{filename}.json")


def _sent(lines: Iterator[bytes], mimetype: str, filename: str) -> Response:
    response = Response(stream_with_context(lines), mimetype=mimetype)
    response.headers["Content-Disposition"] = f'attachment; filename="{filename}"'
    response.headers["Cache-Control"] = "no-store"
    return response
