"""What the page of a hundred rows is made of, and how its peers are driven."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from worker import serve

__all__ = ["FOLDER", "ROWS", "TITLE", "serve_page"]

FOLDER = Path(__file__).parent / "templates"
TITLE = "Trees & <birds>"
ROWS = [
    {"name": f"Spruce <{number}>", "price": f"{number}.90", "stock": number % 7, "tags": ["tree", "green & tall"]}
    for number in range(100)
]


def serve_page(render: Callable[[], str]) -> None:
    """Answer the bench with a page that `render` makes."""

    def pages(count: int) -> None:
        for _ in range(count):
            render()

    serve({"page": pages}, lambda: {"page": render()})
