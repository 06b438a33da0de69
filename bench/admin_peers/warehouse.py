"""What both admins show: makers and products, in a file for each size, and requests that a browser would send."""

from __future__ import annotations

import io
import re
import sqlite3
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from worker import serve

__all__ = ["FOLDER", "MAKERS", "MOST_QUERIES", "PASSWORD", "SIZES", "declare", "fill", "serve_admin"]

FOLDER = sys.argv[1]
SIZES = {"thousand": 1_000, "many": int(sys.argv[2])}
MAKERS = 20
MOST_QUERIES = 6
PASSWORD = "a password of the benchmark"
_START = datetime(2024, 1, 1, tzinfo=UTC)
_NAMES = re.compile(r">(product \d+)</a>")

Answer = tuple[int, dict[str, str], str]


def declare(models: Any, admin: Any) -> tuple[Any, Any]:
    """Makers and products as models of a peer, whose names are the other's too, in its admin: Maker and Product."""

    class Maker(models.Model):
        name = models.CharField(max_length=50)

        class Meta:
            app_label = "warehouse"
            db_table = "warehouse_maker"
            ordering = ("name",)

        def __str__(self) -> str:
            return str(self.name)

    class Product(models.Model):
        name = models.CharField(max_length=80)
        price = models.DecimalField(max_digits=10, decimal_places=2)
        stock = models.IntegerField()
        active = models.BooleanField()
        created = models.DateTimeField()
        maker = models.ForeignKey(Maker, on_delete=models.CASCADE)

        class Meta:
            app_label = "warehouse"
            db_table = "warehouse_product"

        def __str__(self) -> str:
            return str(self.name)

    class ProductAdmin(admin.ModelAdmin):
        list_display = ("name", "price", "stock", "active", "maker", "created")
        list_filter = ("active", "maker")
        search_fields = ("name",)

    admin.site.register(Product, ProductAdmin)
    return Maker, Product


def fill(connection: sqlite3.Connection, product: str, maker: str, number: int) -> None:
    """Put makers and so many products into tables of these names, which have the columns of both peers."""
    connection.executemany(
        f"INSERT INTO {maker} (id, name) VALUES (?, ?)", [(n, f"maker {n}") for n in range(1, MAKERS + 1)]
    )
    connection.executemany(
        f"INSERT INTO {product} (id, name, price, stock, active, created, maker_id) VALUES (?, ?, ?, ?, ?, ?, ?)",
        _rows(number),
    )
    connection.commit()
    connection.execute("ANALYZE")


def _rows(number: int) -> Iterator[tuple[Any, ...]]:
    for n in range(1, number + 1):
        moment = (_START + timedelta(minutes=n)).strftime("%Y-%m-%d %H:%M:%S.%f")
        yield n, f"product {n}", f"{n % 900}.25", n % 50, n % 3 > 0, moment, n % MAKERS + 1


class _Browser:
    """Calls a WSGI app as a browser that keeps its cookies."""

    def __init__(self, app: Callable[..., Any]) -> None:
        self.app = app
        self.cookies: dict[str, str] = {}

    def ask(self, path: str, body: bytes = b"") -> Answer:
        environ = {
            "REQUEST_METHOD": "POST" if body else "GET",
            "SCRIPT_NAME": "",
            "PATH_INFO": path,
            "QUERY_STRING": "",
            "SERVER_NAME": "localhost",
            "SERVER_PORT": "80",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "HTTP_HOST": "localhost",
            "HTTP_ACCEPT_LANGUAGE": "en",
            "HTTP_COOKIE": "; ".join(f"{name}={value}" for name, value in self.cookies.items()),
            "CONTENT_TYPE": "application/x-www-form-urlencoded",
            "CONTENT_LENGTH": str(len(body)),
            "wsgi.input": io.BytesIO(body),
            "wsgi.errors": sys.stderr,
            "wsgi.url_scheme": "http",
            "wsgi.version": (1, 0),
            "wsgi.multithread": False,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
        }
        found: list[Any] = []
        pieces = self.app(environ, lambda status, headers, *rest: found.append((status, headers)))
        text = b"".join(pieces).decode()
        if hasattr(pieces, "close"):
            pieces.close()
        status, headers = found[0]
        for name, value in headers:
            if name.lower() == "set-cookie":
                key, _, rest = value.partition("=")
                self.cookies[key] = rest.partition(";")[0]
        return int(status[:3]), dict(headers), text


def serve_admin(
    apps: dict[str, Callable[..., Any]],
    paths: dict[str, str],
    log_in: Callable[[_Browser], Answer],
    queries: Callable[[Callable[[], Any]], int],
) -> None:
    """Measure the list of products of each size; `queries` tells how many a call asks."""
    browsers = {size: _Browser(app) for size, app in apps.items()}
    for size, browser in browsers.items():
        status, *_ = log_in(browser)
        if status not in (302, 303):
            raise SystemExit(f"nobody could log in to {size}: {status}")

    def page(size: str) -> str:
        status, _, text = browsers[size].ask(paths[size])
        if status != 200:
            raise SystemExit(f"the list of {size} was answered with {status}")
        return text

    def repeat(size: str) -> Callable[[int], None]:
        def run(count: int) -> None:
            for _ in range(count):
                page(size)

        return run

    def answers() -> dict[str, Any]:
        found: dict[str, Any] = {size: _NAMES.findall(page(size)) for size in apps}
        counts = {size: queries(partial(page, size)) for size in apps}
        sys.stderr.write(f"queries for a page: {counts}\n")
        return found | {"six queries at most": all(count <= MOST_QUERIES for count in counts.values())}

    serve({size: repeat(size) for size in apps}, answers)
