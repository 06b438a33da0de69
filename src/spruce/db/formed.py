"""Functions that databases spell differently, or lack: their SQL by dialect, around their arguments.

What SQLite has no function for is made in Python, see sqlite_functions.py.
"""

from typing import Any

from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from spruce.db.types import MYSQL

__all__ = ["FORMS", "Formed"]

_PLAIN = (
    "acos", "asin", "atan", "atan2", "cos", "cot", "degrees", "exp", "ln", "pi", "power", "radians", "sign", "sin",
    "sqrt", "tan", "md5", "reverse",
)  # fmt: skip


def _same(form: str) -> tuple[str, str, str]:
    return form, form, form


def _called(name: str) -> tuple[str, str, str]:
    return _same(name + "({all})")


def _hash(bits: int) -> tuple[str, str, str]:
    return (
        f"spruce_sha({{0}}, {bits})",
        f"encode(sha{bits}(convert_to({{0}}, 'UTF8')), 'hex')",
        f"sha2({{0}}, {bits})",
    )


_SUNDAY = "date({0}, 'weekday 0', '-6 days')"
_QUARTER = "date({0}, 'start of month', '-' || ((strftime('%m', {0}) - 1) % 3) || ' months')"

FORMS: dict[str, tuple[str, str, str]] = {
    **{name: _called(name) for name in _PLAIN},
    "log": _same("(ln({1}) / ln({0}))"),
    "mod": (
        "mod({0}, {1})",
        "CAST(mod(CAST({0} AS NUMERIC), CAST({1} AS NUMERIC)) AS DOUBLE PRECISION)",
        "mod({0}, {1})",
    ),
    "random": ("(random() / 18446744073709551616.0 + 0.5)", "random()", "rand()"),
    "right": ("substr({0}, -({1}))", "right({0}, CAST({1} AS INTEGER))", "right({0}, {1})"),
    "lpad": ("spruce_pad({0}, {1}, {2}, 1)", "lpad({0}, CAST({1} AS INTEGER), {2})", "lpad({0}, {1}, {2})"),
    "rpad": ("spruce_pad({0}, {1}, {2}, 0)", "rpad({0}, CAST({1} AS INTEGER), {2})", "rpad({0}, {1}, {2})"),
    "repeat": ("repeat({0}, {1})", "repeat({0}, CAST({1} AS INTEGER))", "repeat({0}, {1})"),
    "chr": ("char({0})", "chr(CAST({0} AS INTEGER))", "convert(char({0} USING utf32) USING utf8mb4)"),
    "ord": ("unicode({0})", "ascii({0})", "CAST(ord(convert(left({0}, 1) USING utf32)) AS SIGNED)"),
    "sha1": ("spruce_sha({0}, 1)", "encode(digest({0}, 'sha1'), 'hex')", "sha1({0})"),
    **{f"sha{bits}": _hash(bits) for bits in (224, 256, 384, 512)},
    "trunc_week": (
        _SUNDAY + " || ' 00:00:00.000000'",
        "date_trunc('week', {0})",
        "CAST(DATE(DATE_SUB({0}, INTERVAL WEEKDAY({0}) DAY)) AS DATETIME(6))",
    ),
    "trunc_quarter": (
        _QUARTER + " || ' 00:00:00.000000'",
        "date_trunc('quarter', {0})",
        "CAST(MAKEDATE(YEAR({0}), 1) + INTERVAL (QUARTER({0}) - 1) QUARTER AS DATETIME(6))",
    ),
    "trunc_date_week": (
        _SUNDAY,
        "CAST(date_trunc('week', {0}) AS DATE)",
        "DATE(DATE_SUB({0}, INTERVAL WEEKDAY({0}) DAY))",
    ),
    "trunc_date_quarter": (
        _QUARTER,
        "CAST(date_trunc('quarter', {0}) AS DATE)",
        "(MAKEDATE(YEAR({0}), 1) + INTERVAL (QUARTER({0}) - 1) QUARTER)",
    ),
    "later": (
        "spruce_shift({0}, {1})",
        "({0} + CAST({1} AS INTERVAL))",
        "DATE_ADD({0}, INTERVAL ({1}) MICROSECOND)",
    ),
    "earlier": (
        "spruce_shift({0}, -({1}))",
        "({0} - CAST({1} AS INTERVAL))",
        "DATE_SUB({0}, INTERVAL ({1}) MICROSECOND)",
    ),
    "midnight": (
        "{0}",
        "(CAST(CAST({0} AS DATE) AS TIMESTAMP) AT TIME ZONE 'UTC')",
        "CAST({0} AS DATETIME(6))",
    ),
    "between": (
        "spruce_between({0}, {1})",
        "(CAST({0} AS TIMESTAMP WITH TIME ZONE) - CAST({1} AS TIMESTAMP WITH TIME ZONE))",
        "TIMESTAMPDIFF(MICROSECOND, {1}, {0})",
    ),
    "json_object": ("json_object({all})", "jsonb_build_object({all})", "json_object({all})"),
    "json_array": ("json_array({all})", "jsonb_build_array({all})", "json_array({all})"),
    "json_truth": ("json(CASE {0} WHEN 1 THEN 'true' WHEN 0 THEN 'false' END)", "{0}", "({0} <> 0)"),
    "json_value": ("json({0})", "{0}", "json_compact({0})"),
    "json_text": ("{0}", "CAST({0} AS TEXT)", "{0}"),
}
"""By name: on SQLite, on PostgreSQL, on MariaDB and MySQL. `{0}` is the first argument, `{all}` are all of them."""


class Formed(FunctionElement[Any]):
    """A function of FORMS with its arguments."""

    inherit_cache = False

    def __init__(self, form: str, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.form = form


@compiles(Formed)
def _formed(element: Formed, compiler: Any, **options: Any) -> str:
    name = compiler.dialect.name
    form = FORMS[element.form][0 if name == "sqlite" else 2 if name in MYSQL else 1]
    arguments = [compiler.process(each.self_group(), **options) for each in element.clauses]
    return form.format(*arguments, all=", ".join(arguments))
