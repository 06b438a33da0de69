"""The system's own Chromium for the tests of pages, and what axe-core finds on one."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

__all__ = ["launched", "look", "violations"]

AXE = Path(__file__).parents[1] / "data" / "axe.min.js"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
]

STICKING_OUT = """[...document.querySelectorAll("aside :is(input, select, textarea, button)")]
    .filter(each => each.getBoundingClientRect().right > each.closest("aside").getBoundingClientRect().right)
    .map(each => each.outerHTML)"""


@contextmanager
def launched() -> Iterator[Browser]:
    """Chromium without a window; where there is none, the test is skipped."""
    if CHROMIUM is None:
        pytest.skip("there is no chromium here; `make chromium` installs one")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield browser
        browser.close()


def violations(page: Page, impacts: tuple[str, ...] = ("serious", "critical")) -> list[str]:
    """What axe-core calls serious or worse, or of `impacts`, with the elements."""
    page.evaluate(AXE.read_text("utf-8"))
    found = page.evaluate("axe.run().then(result => result.violations)")
    return [f"{each['id']}: {node['html']}" for each in found if each["impact"] in impacts for node in each["nodes"]]


def look(page: Page) -> None:
    """Nothing that axe-core calls serious or worse, nothing wider than the screen, no input wider than its box."""
    assert violations(page) == [], page.url
    assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"], page.url  # type: ignore[index] # it has one
    assert page.evaluate(STICKING_OUT) == [], page.url
