"""examples/shop as a person meets it: a real Chromium without JavaScript, on a real server."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect

SHOP = Path(__file__).parents[2] / "examples" / "shop" / "app.py"


@pytest.fixture
def page(browser: Browser, serve: Callable[..., Any], tmp_path: Path) -> Iterator[Page]:
    """The front page of a new shop. What the browser complains of fails the test, but for a page's own status."""
    shop = serve(str(SHOP), SPRUCE_INSTANCE_PATH=str(tmp_path))
    context = browser.new_context(base_url=shop.url, locale="en-GB", java_script_enabled=False)
    page = context.new_page()
    troubles: list[str] = []
    page.on("console", lambda message: is_status(message, page) or troubles.append(message.text))
    page.goto("/")
    yield page
    context.close()
    assert troubles == []


def is_status(message: ConsoleMessage, page: Page) -> bool:
    """Whether this only tells that the page itself was answered with 404 or the like."""
    return message.text.startswith("Failed to load resource") and message.location["url"] == page.url


def test_somebody_finds_the_panda_and_orders_it(page: Page) -> None:
    """Catalogue, search in Chinese, product, form, thanks, and the stock is one less."""
    page.get_by_role("searchbox").fill("熊猫公仔")
    page.get_by_role("button", name="Search").click()
    page.get_by_role("link", name="Panda plush", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Panda plush")
    before = in_stock(page)
    product = page.url

    page.get_by_label("Your name").fill("李雷")
    page.get_by_label("E-mail or telephone").fill("138 0013 8000")
    page.get_by_role("button", name="Place the order").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Thank you")
    expect(page.locator(".number strong")).to_have_text(re.compile(r"[0-9A-Z]{4}(-[0-9A-Z]{4}){3}"))
    expect(page.locator(".line .price")).to_have_text("¥19.90")
    page.goto(product)
    assert in_stock(page) == before - 1


def test_a_form_with_a_mistake_comes_back_with_what_was_typed(page: Page) -> None:
    """The field is marked, its message belongs to it, and the other fields keep their text."""
    page.get_by_role("link", name="Panda plush", exact=True).click()
    page.get_by_label("Your name").fill("Han Meimei")
    page.get_by_label("E-mail or telephone").fill("nowhere")
    page.get_by_role("button", name="Place the order").click()
    expect(page.get_by_role("alert")).to_contain_text("The order was not placed")
    wrong = page.get_by_label("E-mail or telephone")
    expect(wrong).to_have_attribute("aria-invalid", "true")
    expect(wrong).to_have_accessible_description(
        "Please give an e-mail address such as li@example.com, or a telephone number."
    )
    expect(wrong).to_have_value("nowhere")
    expect(page.get_by_label("Your name")).to_have_value("Han Meimei")


def test_the_whole_shop_speaks_chinese_after_one_click(page: Page) -> None:
    """The switch stays on the page where it was used, and the choice is remembered on the next."""
    page.get_by_role("link", name="Tea", exact=True).click()
    page.get_by_role("link", name="中文").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("茶与茶具")
    page.get_by_role("link", name="龙井绿茶（50克）").click()
    expect(page.get_by_role("button", name="提交订单")).to_be_visible()


@pytest.mark.parametrize("width", [320, 768, 1440])
def test_no_page_is_wider_than_the_window(page: Page, width: int) -> None:
    """Nothing has to be scrolled sideways, on a telephone as on a desk."""
    page.set_viewport_size({"width": width, "height": 800})
    for path in ("/", "/products/1", "/?q=zzz", "/nowhere"):
        page.goto(path)
        box = page.locator("main").bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["width"] <= width


def test_the_drawings_are_drawn(page: Page) -> None:
    """A drawing comes from another file; a policy or a slip in that file would leave empty tiles."""
    drawings = page.locator(".art svg")
    expect(drawings).to_have_count(30)
    widths = drawings.evaluate_all("all => all.map(drawing => drawing.getBBox().width)")
    assert all(width > 0 for width in widths), widths


def in_stock(page: Page) -> int:
    """The number that the product's page gives."""
    return int(page.locator(".stock").first.inner_text().split()[0])
