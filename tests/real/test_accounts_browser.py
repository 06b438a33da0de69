"""Accounts as people meet them: the shop in a real Chromium, without JavaScript, and axe-core over each page."""

import re
from collections.abc import Callable
from email import message_from_bytes, policy
from pathlib import Path
from time import time
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect
from tests.real.browsers import violations

from spruce.auth.totp import code_of

SHOP = Path(__file__).parents[2] / "examples" / "shop" / "app.py"
PASSWORD = "correct horse battery"
expect.set_options(timeout=30_000)  # a password takes its time, the more so on a busy machine


@pytest.fixture
def shop(serve: Callable[..., Any], tmp_path: Path) -> Any:
    """A new shop whose mails are files."""
    more = {"SPRUCE_EMAIL_BACKEND": "file", "SPRUCE_AUTH_TOTP": "true"}
    more["SPRUCE_AUTH_TOKEN_SCOPES"] = '["orders:read", "orders:write"]'
    return serve(str(SHOP), SPRUCE_INSTANCE_PATH=str(tmp_path), **more)


def link_in_mail(folder: Path, page: Page) -> str:
    """The link in the latest mail, which may still be on its way."""
    mails = folder / "mails"
    while not (found := sorted(mails.glob("*.eml"), key=lambda path: path.stat().st_mtime_ns)) or not (
        data := found[-1].read_bytes()
    ):
        page.wait_for_timeout(20)
    body: Any = message_from_bytes(data, policy=policy.default).get_body(("plain",))  # type: ignore[attr-defined] # of this policy
    link = re.search(r"http://\S+", body.get_content())
    assert link is not None
    return link[0]


def looked_at(page: Page) -> Page:
    """The page, in which axe-core finds nothing, and which is no wider than the window."""
    assert violations(page, ("minor", "moderate", "serious", "critical")) == [], page.url
    width = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert page.evaluate(width) == 0, page.url
    return page


@pytest.mark.parametrize(("scheme", "language", "width"), [("light", "en-GB", 1280), ("dark", "zh-CN", 360)])
def test_every_page_of_accounts_is_for_everybody(
    browser: Browser, shop: Any, tmp_path: Path, scheme: Any, language: str, width: int
) -> None:
    """Light and dark, in both languages, on a desk and on a telephone: from the registration to the log-out."""
    context = browser.new_context(
        base_url=shop.url,
        locale=language,
        color_scheme=scheme,
        viewport={"width": width, "height": 800},
        bypass_csp=True,
    )
    page = context.new_page()

    def send(**fields: str) -> None:
        for name, value in fields.items():
            page.locator(f"[name={name}]").fill(value)
        page.locator(".auth-form button").click()
        looked_at(page)

    page.goto("/accounts/login/?next=/products/1")
    send(username="li@example.com", password="wrong")
    expect(page.get_by_role("alert")).to_be_visible()
    page.goto("/accounts/register/")
    send(email="li@example.com")
    page.goto(link_in_mail(tmp_path, page))
    send(password1="short", password2="short")
    expect(page.locator("[name=password1]")).to_have_attribute("aria-invalid", "true")
    send(password1=PASSWORD, password2=PASSWORD)
    expect(page).to_have_url(re.compile("/account$"))
    page.goto("/products/1")
    page.locator("[name=name]").fill("李雷")
    page.locator(".order button").click()
    page.goto("/account")
    expect(looked_at(page).locator(".history .line")).to_have_count(1)
    page.goto("/accounts/tokens/")
    send(name="robot")
    expect(page.locator(".auth-made code")).to_have_text(re.compile(r"^spr_[\w-]{43}$"))
    page.goto("/accounts/second_factor/")
    secret = page.locator("main code").inner_text()
    send(old_password=PASSWORD, code=code_of(secret, int(time()) // 30))
    expect(page.locator(".auth-list code")).to_have_count(10)
    recovery = page.locator(".auth-list code").first.inner_text()
    pages = ("second_factor", "tokens", "sessions", "password_change", "password_change/done", "password_reset")
    for path in (*pages, "register/done", "logout"):
        page.goto(f"/accounts/{path}/")
        looked_at(page)
    page.locator(".auth-form button").click()
    page.goto("/accounts/login/")
    send(username="li@example.com", password=PASSWORD)
    expect(page).to_have_url(re.compile("/accounts/login/code/"))
    send(code=recovery)
    expect(page).to_have_url(re.compile("/account$"))
    context.clear_cookies()
    for path in ("password_reset/done", "reset/done", "reset/x/y", "register/x"):
        page.goto(f"/accounts/{path}/")
        looked_at(page)
    context.close()


def test_one_logs_in_by_keyboard_alone(browser: Browser, shop: Any, tmp_path: Path) -> None:
    """The first field has the focus; Tab and Enter do the rest; a script isn't needed."""
    context = browser.new_context(base_url=shop.url, locale="en-GB", java_script_enabled=False)
    page = context.new_page()
    page.goto("/accounts/register/")
    page.get_by_label("E-mail").fill("han@example.com")
    page.keyboard.press("Enter")
    page.wait_for_url("**/done/")
    page.goto(link_in_mail(tmp_path, page))
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("Password again").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/account")
    page.get_by_role("button", name="Log out").click()
    page.goto("/accounts/login/?next=/products/1")
    expect(page.locator("[name=username]")).to_be_focused()
    page.keyboard.type("han@example.com")
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(f"{shop.url}/products/1")
    expect(page.get_by_role("link", name="My orders")).to_be_visible()
    context.close()
