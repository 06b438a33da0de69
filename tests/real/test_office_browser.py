"""The shop's office and pages about the running system in a real Chromium; axe-core looks for what keeps people out."""

import re
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect
from tests.real.browsers import look

SHOP = Path(__file__).parents[2] / "examples" / "shop"

APP = f"""
import sys

sys.path.insert(0, {str(SHOP)!r})

from app import create_app

import seed
from models import Customer
from spruce import task


@task
def breaks(text):
    raise ValueError(text)


app = create_app(CACHES={{"default": "memory://"}}, VIEWER=True, TASKS="worker")
with app.app_context():
    seed.make_orders()
    if not Customer.objects.exists():
        Customer.objects.create_superuser("boss@example.com", "correct horse battery")
        breaks.enqueue("x")
"""


def enter(page: Page) -> None:
    """Log in, by keyboard alone."""
    page.goto("/admin/")
    page.locator("input[name=username]").focus()
    page.keyboard.type("boss@example.com")
    page.locator("input[type=password]").focus()
    page.keyboard.type("correct horse battery")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Spruce Shop: office")


def press(page: Page, name: str) -> None:
    """Follow a link or press a button by keyboard alone."""
    target = (
        page.get_by_role("link", name=name, exact=True).or_(page.get_by_role("button", name=name, exact=True)).first
    )
    target.focus()
    expect(target).to_be_focused()
    page.keyboard.press("Enter")


@pytest.mark.parametrize(("width", "scheme"), [(1440, "light"), (360, "dark")])
def test_a_day_in_the_office(
    browser: Browser, serve: Callable[..., Any], tmp_path: Path, width: int, scheme: Any
) -> None:
    """Sales, an order that is cancelled, an image, stock in the list; a session, a cache, a job: all by keyboard."""
    (tmp_path / "office_program.py").write_text(APP)
    served = serve("office_program.py", folder=tmp_path, SPRUCE_INSTANCE_PATH=str(tmp_path))
    context = browser.new_context(
        base_url=served.url, viewport={"width": width, "height": 900}, color_scheme=scheme, locale="en-GB"
    )
    page = context.new_page()
    page.set_default_timeout(30_000)
    refused: list[str] = []
    page.on("console", lambda said: refused.append(said.text) if "Content Security Policy" in said.text else None)
    enter(page)
    expect(page.locator(".chart rect")).to_have_count(30)
    summary = page.locator(".chart summary")
    summary.focus()
    page.keyboard.press("Enter")
    expect(page.locator(".chart tbody tr").first).to_be_visible()
    look(page)
    press(page, "By week")
    expect(page.locator(".chart rect")).to_have_count(12)

    cancel_an_order(page)
    change_a_product(page)
    look_after_the_system(page)
    assert refused == []
    context.close()


def cancel_an_order(page: Page) -> None:
    page.goto("/admin/shop/order/")
    number = page.locator("tbody th a").first.inner_text()
    box = page.locator("tbody input[type=checkbox]").first
    box.focus()
    page.keyboard.press("Space")
    expect(box).to_be_checked()
    page.locator("select[name=action]").first.select_option("cancel")
    page.get_by_role("button", name="Go").first.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Yes, do it")).to_be_visible()
    look(page)
    press(page, "Yes, do it")
    expect(page.get_by_role("status").first).to_contain_text("1 order: cancelled.")
    press(page, number)
    expect(page.get_by_role("heading", level=1)).to_have_text(number)
    expect(page.locator(".inline tbody tr").first).to_be_visible()
    look(page)


def change_a_product(page: Page) -> None:
    page.goto("/admin/shop/product/?q=panda+plush")
    stock = page.get_by_role("spinbutton").nth(1)
    stock.fill("7")
    look(page)
    stock.press("Enter")
    expect(page.get_by_role("status").first).to_contain_text("saved")
    page.goto("/admin/shop/product/1/change/")
    expect(page.get_by_label("Stock", exact=False).first).to_have_value("7")
    page.locator("input[type=file]").set_input_files(
        {"name": "panda.png", "mimeType": "image/png", "buffer": picture()}
    )
    press(page, "Save and go on")
    expect(page.locator("img.preview")).to_be_visible()
    assert page.locator("img.preview").evaluate("image => image.naturalWidth") == 8
    look(page)


def look_after_the_system(page: Page) -> None:
    page.goto("/admin/")
    press(page, "Sessions")
    expect(page.get_by_text("this one")).to_be_visible()
    look(page)
    page.goto("/admin/system/caches/")
    look(page)
    press(page, "Clear the cache: default")
    press(page, "Yes, do it")
    expect(page.get_by_role("status").first).to_have_text("Done for 1.")
    page.goto("/admin/system/jobs/")
    expect(page.get_by_role("heading", name="Queues")).to_be_visible()
    look(page)
    page.get_by_role("link", name=re.compile("breaks")).first.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("['x']")).to_be_visible()
    look(page)
    press(page, "Cancel")
    expect(page.get_by_role("heading", level=1)).to_have_text("Cancel?")
    press(page, "Yes, do it")
    expect(page.get_by_role("status").first).to_have_text("Done for 1.")
    page.goto("/admin/system/requests/")
    expect(page.get_by_role("link", name="Open the viewer")).to_be_visible()
    look(page)


def picture() -> bytes:
    """A small image."""
    target = BytesIO()
    Image.new("RGB", (8, 8), "green").save(target, "PNG")
    return target.getvalue()
