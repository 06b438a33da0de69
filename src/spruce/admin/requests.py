"""The page of requests: what the viewer has recorded of the last hour in short, and the way to the viewer itself."""

import time
from typing import Any

from spruce import config, green
from spruce.admin.charts import Chart
from spruce.admin.systempage import SystemPage
from spruce.apm.history import History
from spruce.apm.routefigures import routes_since
from spruce.apm.viewerpages import milliseconds
from spruce.http import Response
from spruce.i18n import gettext, gettext_lazy

__all__ = ["RequestsPage"]

_HOUR = 3600
_PARTS = 12
_SHOWN = 10
_ERRORS = """SELECT kind, message, max(at) AS at, count(*) AS times FROM
    (SELECT kind, message, family, at FROM error WHERE at > ? ORDER BY id DESC LIMIT 1000) GROUP BY family
    ORDER BY at DESC LIMIT ?"""
_TIMES = "SELECT at FROM request WHERE at > ? ORDER BY at DESC LIMIT 20000"


class RequestsPage(SystemPage):
    """The last hour: how many requests, the routes on which most time went, and the newest errors."""

    name = "requests"
    title = gettext_lazy("Requests")

    def show(self, request: Any) -> Response:
        """The page; what it reads is a file, so an OS thread does."""
        since = time.time() - _HOUR
        routes, errors, counts = green.tpool.execute(_read, History.of(config.current()), since)
        chart = Chart(
            gettext("Requests of the last hour"),
            [(_minutes(part), count) for part, count in enumerate(counts)],
            columns=(gettext("Minutes ago"), gettext("Requests")),
        )
        return self.render(
            request,
            "requests",
            chart=chart,
            routes=routes,
            errors=errors,
            milliseconds=milliseconds,
            viewer=f"{request.root_path}/_spruce/",
        )


def _read(history: History, since: float) -> tuple[list[dict[str, Any]], list[dict[str, Any]], list[int]]:
    counts = [0] * _PARTS
    for row in history.rows(_TIMES, since):
        counts[min(int((row["at"] - since) / _HOUR * _PARTS), _PARTS - 1)] += 1
    errors = [dict(row) for row in history.rows(_ERRORS, since, _SHOWN)]
    return routes_since(history, since)[:_SHOWN], errors, counts


def _minutes(part: int) -> str:
    return str((_PARTS - part) * _HOUR // _PARTS // 60)
