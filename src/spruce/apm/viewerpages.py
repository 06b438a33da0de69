"""The pages of the viewer: what each reads from the history, and the template that shows it; for an OS thread."""

import math
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, select_autoescape

from spruce.apm.flights import flights_of, keep_watching
from spruce.apm.history import History, unpacked
from spruce.apm.plans import Plan, Query
from spruce.apm.profilepages import ProfilePages
from spruce.apm.routefigures import chart_since, routes_since
from spruce.apm.split import KINDS
from spruce.http import Response
from spruce.i18n import get_language, gettext, ngettext

__all__ = ["Pages", "milliseconds", "size"]

Page = Callable[[dict[str, Any]], str | Response | None]

_ROWS = 50
_SPANS = {"1h": 3600, "1d": 86400, "7d": 7 * 86400}


class Pages:
    """All pages; each is called with what the URL asks for, and with `base`, where the viewer is."""

    def __init__(self, history: History) -> None:
        self.history = history
        self._environment = Environment(
            loader=FileSystemLoader(Path(__file__).parent / "templates"),
            autoescape=select_autoescape(default=True),
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.add_extension("jinja2.ext.i18n")
        install: Any = self._environment
        install.install_gettext_callables(gettext, ngettext, newstyle=True)
        self._environment.filters.update(ms=milliseconds, ago=_ago, clock=_clock, size=size)
        self.profiling = ProfilePages(history, self._show)
        self._plain: dict[str, Page] = {
            "": self.overview,
            "flights": self.flights,
            "newest": self.newest,
            "workers": self.workers,
            "requests": self.requests,
            "routes": self.routes,
            "errors": self.errors,
            "profile": self.profiling.profile,
            "profile/export": self.profiling.export,
        }

    def find(self, path: str) -> Page | None:
        """The page at a path below the viewer's."""
        folder, _, name = path.partition("/")
        if name and "/" not in name and len(name) <= 64:
            if folder == "requests":
                return lambda asked: self.request(asked, name)
            if folder == "errors":
                return lambda asked: self.error(asked, name)
        return self._plain.get(path)

    def _show(self, template: str, asked: Mapping[str, str], **values: Any) -> str:
        made = self._environment.get_template(f"viewer/{template}")
        return made.render(base=asked["base"], asked=asked, language=get_language(), now=time.time(), **values)

    # ---- the pages --------------------------------------------------------------------------------------------------

    def overview(self, asked: dict[str, str]) -> str:
        """What is in flight, the newest requests, the slowest routes, the newest errors."""
        keep_watching(self.history)
        return self._show(
            "overview.html",
            asked,
            **self._workers(),
            rows=self._newest(),
            routes=routes_since(self.history, time.time() - 3600)[:8],
            errors=self._families(8),
        )

    def flights(self, asked: dict[str, str]) -> str:
        """What is in flight alone: the part of the first page that is renewed."""
        keep_watching(self.history)
        return self._show("flights.html", asked, workers=flights_of(self.history))

    def workers(self, asked: dict[str, str]) -> str:
        """How the workers are, the same."""
        return self._show("workers.html", asked, **self._workers())

    def newest(self, asked: dict[str, str]) -> str:
        """The newest requests alone, the same."""
        return self._show("newest.html", asked, rows=self._newest())

    def requests(self, asked: dict[str, str]) -> str:
        """Requests by route, status, duration and text, the newest first."""
        where, values = _where(asked)
        rows = self.history.rows(f"{_REQUESTS}{where} ORDER BY id DESC LIMIT ?", *values, _ROWS + 1)
        names = [row[0] for row in self.history.rows("SELECT name FROM request GROUP BY name ORDER BY name LIMIT 500")]
        more = rows[_ROWS - 1]["id"] if len(rows) > _ROWS else None
        kept = {key: asked[key] for key in _FILTERS if asked.get(key)}
        return self._show("requests.html", asked, rows=rows[:_ROWS], names=names, more=more, kept=kept)

    def request(self, asked: dict[str, str], uid: str) -> str | None:
        """One request: its split, waterfall, queries, repeats and errors."""
        rows = self.history.rows("SELECT * FROM request WHERE uid = ? LIMIT 1", uid)
        if not rows:
            return None
        row, detail = rows[0], unpacked(rows[0]["detail"])
        errors = self.history.rows("SELECT * FROM error WHERE request = ? ORDER BY id", uid)
        failures = [(error, unpacked(error["detail"])) for error in errors]
        bars = _waterfall(detail["spans"], row["seconds"])
        return self._show(
            "request.html",
            asked,
            row=row,
            detail=detail,
            bars=bars,
            parts=_parts(detail, row["seconds"]),
            failures=failures,
        )

    def plan(self, asked: dict[str, str], query: Query, plan: Plan, *, measured: bool) -> str:
        """How the database answers a query of a request, whose id and span are asked for."""
        return self._show(
            "plan.html", asked, query=query, plan=plan, uid=asked["uid"], span=asked["span"], measured=measured
        )

    def routes(self, asked: dict[str, str]) -> str:
        """How long routes take, and how often, over a time."""
        span = asked.get("span", "1h")
        seconds = _SPANS.get(span, 3600)
        since = time.time() - seconds
        name = asked.get("name", "")
        found = routes_since(self.history, since)
        chart = chart_since(self.history, since, seconds, name)
        return self._show("routes.html", asked, routes=found, chart=chart, span=span, spans=list(_SPANS), name=name)

    def errors(self, asked: dict[str, str]) -> str:
        """Errors by what they come from, the newest first."""
        return self._show("errors.html", asked, errors=self._families(100))

    def error(self, asked: dict[str, str], family: str) -> str | None:
        """The newest of the errors that come from the same, and when the others were."""
        rows = self.history.rows("SELECT * FROM error WHERE family = ? ORDER BY id DESC LIMIT 50", family)
        if not rows:
            return None
        return self._show("error.html", asked, rows=rows, row=rows[0], detail=unpacked(rows[0]["detail"]))

    # ---- what they read ---------------------------------------------------------------------------------------------

    def _workers(self) -> dict[str, Any]:
        workers = flights_of(self.history)
        parts = {
            name: [
                (one["pid"], alias, stats)
                for one in workers
                for alias, stats in ((one.get("vitals") or {}).get(name) or {}).items()
            ]
            for name in ("pools", "caches")
        }
        return {"workers": workers, **parts}

    def _newest(self) -> list[Any]:
        return self.history.rows(f"{_REQUESTS} ORDER BY id DESC LIMIT 15")

    def _families(self, most: int) -> list[Any]:
        return self.history.rows(
            "SELECT kind, message, culprit, family, max(at) AS at, sum(weight) AS times, max(id) AS newest FROM error "
            "GROUP BY family ORDER BY newest DESC LIMIT ?",
            most,
        )


_REQUESTS = (
    "SELECT id, uid, at, seconds, name, kind, target, status, failed, user, queries, repeated, pid, weight FROM request"
)
_FILTERS = ("name", "status", "slow", "q", "kind")


def _where(asked: Mapping[str, str]) -> tuple[str, list[Any]]:
    """The condition that the filters of a URL make; what cannot be read asks for nothing."""
    parts, values = list[str](), list[Any]()
    if name := asked.get("name"):
        parts.append("name = ?")
        values.append(name)
    if (status := asked.get("status", "")).isdecimal():
        parts.append("status BETWEEN ? AND ?")
        low = int(status) * 100 if len(status) == 1 else int(status[:3])
        values += [low, low + 99 if len(status) == 1 else low]
    elif status == "failed":
        parts.append("failed")
    try:
        slow = float(asked.get("slow") or 0)
    except ValueError:
        slow = 0.0
    if slow > 0 and math.isfinite(slow):
        parts.append("seconds >= ?")
        values.append(slow / 1000)
    if text := asked.get("q"):
        escaped = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        parts.append("(name LIKE ? ESCAPE '\\' OR target LIKE ? ESCAPE '\\' OR user LIKE ? ESCAPE '\\')")
        values += [f"%{escaped}%"] * 3
    if (before := asked.get("before", "")).isdecimal() and len(before) < 20:
        parts.append("id < ?")
        values.append(min(int(before), 2**62))
    return (f" WHERE {' AND '.join(parts)}" if parts else ""), values


def _waterfall(spans: Sequence[Mapping[str, Any]], seconds: float) -> list[dict[str, Any]]:
    """The spans, each with how deep it lies, and where its bar begins and how long it is, in thousandths."""
    whole = max(seconds, max((span["start"] + span["seconds"] for span in spans), default=0.0)) or 1.0
    depths: dict[str, int] = {}
    found = []
    for span in spans:
        depth = depths[span["id"]] = depths.get(span["parent"], -1) + 1
        left = min(max(span["start"], 0.0) / whole * 1000, 997)
        width = max(span["seconds"] / whole * 1000, 3)
        found.append(
            {**span, "depth": min(depth, 8), "left": round(left, 1), "width": round(min(width, 1000 - left), 1)}
        )
    return found


def _parts(detail: Mapping[str, Any], seconds: float) -> list[dict[str, Any]]:
    """The kinds of time, each with its share, and where its part of one bar begins, in thousandths."""
    split, left, found = detail["split"], 0.0, []
    whole = max(sum(split.values()), seconds) or 1.0
    for kind in KINDS:
        taken = split.get(kind, 0.0)
        if taken > 0:
            width = taken / whole * 1000
            found.append({"kind": kind, "seconds": taken, "left": round(left, 1), "width": round(width, 1)})
            left += width
    return found


def milliseconds(seconds: float | None) -> str:
    """A time as it is read at a glance."""
    if seconds is None:
        return "–"
    if seconds < 0.001:
        return f"{seconds * 1e6:.0f} µs"
    if seconds < 1:
        return f"{seconds * 1000:.3g} ms"
    return f"{seconds:.3g} s" if seconds < 1000 else f"{seconds:.0f} s"


def size(count: float | None) -> str:
    """Bytes as they are read at a glance."""
    if count is None:
        return "–"
    for unit in ("B", "kB", "MB"):
        if count < 1000:
            return f"{count:.3g} {unit}"
        count /= 1000
    return f"{count:.3g} GB"


def _ago(at: float, now: float) -> str:
    seconds = max(now - at, 0)
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"


def _clock(at: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(at))
