"""The viewer as people use it: a real Chromium on a real server, with axe-core looking for what keeps people out."""

import re
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect
from tests.real.browsers import violations
from tests.real.conftest import Served

LEFT = "net::ERR_ABORTED"  # what was under way when another page was opened, as the list of what is in flight

APP = """
from spruce import App, db, green, render_template_string

app = App(__name__, SECRET_KEY="k" * 40)


class Shelf(db.Model):
    name = db.CharField(max_length=20)


@app.get("/shelves")
def shelves():
    if not Shelf.objects.exists():
        Shelf.objects.bulk_create([Shelf(name=f"shelf {number}") for number in range(5)])
    names = [Shelf.objects.get(pk=number).name for number in range(1, 6)]
    return render_template_string("{% for name in names %}<p>{{ name }}</p>{% endfor %}", names=names)


@app.get("/fails")
def fails():
    return {"a": 1}["b"]


@app.get("/slow")
def slow():
    green.sleep(100)
    return "never"


@app.get("/computes")
def computes():
    return str(sum(number * number for number in range(2_000_000)))


with app.app_context():
    db.create_all()
"""


@pytest.fixture
def served(tmp_path: Path, serve: Callable[..., Served]) -> Served:
    (tmp_path / "app.py").write_text(APP)
    served = serve("app.py", "--debug", "--workers", "2")
    for path in ("/shelves", "/shelves", "/fails"):
        served.ask(path)
    return served


def door(served: Served) -> str:
    """The address that was printed at start-up."""
    line = next(line for line in served.output.splitlines() if line.startswith("Requests, queries and errors"))
    return served.url + line.rpartition(" ")[2]


@pytest.mark.parametrize(("scheme", "width"), [("light", 1440), ("dark", 360)])
def test_every_page_is_for_everybody(served: Served, browser: Browser, scheme: Any, width: int) -> None:
    """No serious finding of axe-core, nothing wider than the screen, nothing that the policy had to stop."""
    context = browser.new_context(color_scheme=scheme, viewport={"width": width, "height": 900}, bypass_csp=True)
    page = context.new_page()
    failed: list[str] = []
    page.on("requestfailed", lambda request: failed.append(request.url) if request.failure != LEFT else None)
    page.goto(door(served))
    expect(page.get_by_role("link", name="GET /fails").first).to_be_visible()
    for link in (None, "GET /shelves", "Requests", "Routes", "Errors", "KeyError"):
        if link is not None:
            page.get_by_role("link", name=link).first.click()
        assert violations(page) == [], link
        assert page.evaluate("document.documentElement.scrollWidth") <= width, link
    assert failed == []
    context.close()


def test_what_is_in_flight_is_seen_and_cancelled_by_a_click(served: Served, browser: Browser) -> None:
    """Under the page's own policy, by the keyboard."""
    context = browser.new_context()
    page = context.new_page()
    errors: list[str] = []
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    page.goto(door(served))
    answers: list[tuple[int, str]] = []
    slow = threading.Thread(target=lambda: answers.append(served.ask("/slow")))
    slow.start()
    flight = page.get_by_role("listitem").filter(has_text="GET /slow")
    expect(flight).to_be_visible()
    flight.locator("summary").press("Enter")
    expect(flight.get_by_text("green.sleep(100)")).to_be_visible()
    flight.get_by_role("button", name="Cancel").press("Enter")
    slow.join(20)
    assert [status for status, _ in answers] == [503]
    expect(page.get_by_role("link", name="GET /slow")).to_be_visible()  # among the newest
    page.get_by_role("link", name="All requests").click()
    page.get_by_label("Status").select_option("failed")
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_role("link", name="GET /slow")).to_be_visible()
    expect(page.get_by_role("link", name="GET /shelves")).to_have_count(0)
    assert errors == []
    context.close()


def test_a_request_tells_what_to_do_about_it(served: Served, browser: Browser) -> None:
    page = browser.new_page()
    page.goto(door(served))
    page.get_by_role("link", name="GET /shelves").first.click()
    expect(page.get_by_role("heading", name="Queries of which one would do")).to_be_visible()
    expect(page.get_by_text("5 queries at")).to_be_visible()
    expect(page.get_by_text("Where the time went")).to_be_visible()
    page.close()


def test_a_flame_graph_is_for_the_keyboard(served: Served, browser: Browser) -> None:
    """Switched on by a button, filled by a request that computes, walked through by arrow keys, under the policy."""
    context = browser.new_context(bypass_csp=False)
    page = context.new_page()
    errors: list[str] = []
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    page.goto(door(served))
    page.get_by_role("link", name="Profiler").press("Enter")
    page.get_by_role("button", name="On for 5 minutes").press("Enter")
    expect(page.get_by_role("button", name="Switch off")).to_be_visible()
    link = page.get_by_role("link", name="GET /computes")
    for _ in range(30):
        served.ask("/computes")
        page.reload()
        if link.count():
            break
    link.click()
    root = page.locator(".flame a").first
    expect(root).to_have_accessible_name(re.compile(r"GET /computes, .*100\.0 %"))
    root.focus()
    page.keyboard.press("ArrowDown")
    view = page.locator(".flame a:focus")
    expect(view).to_have_accessible_name(re.compile(r"computes, .* %"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="Show all")).to_be_visible()
    expect(view).to_have_accessible_name(re.compile(r"computes, .* %"))
    page.keyboard.press("Escape")
    expect(page.get_by_role("link", name="Show all")).to_have_count(0)
    page.get_by_role("link", name="All calls").click()
    expect(page.get_by_text("The graph as a table")).to_be_visible()
    page.get_by_text("The graph as a table").click()
    assert errors == []
    context.close()
    context = browser.new_context(color_scheme="dark", viewport={"width": 360, "height": 800}, bypass_csp=True)
    page = context.new_page()
    page.goto(door(served))
    page.get_by_role("link", name="Profiler").click()
    assert violations(page) == []
    page.get_by_role("link", name="GET /computes").click()
    expect(page.get_by_role("heading", name="Flame graph")).to_be_visible()
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    context.close()
