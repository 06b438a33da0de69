"""The admin as people meet it: a real Chromium on a real server; axe-core looks for what keeps people out."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect
from tests.real.browsers import look

APP = """
from spruce import App, admin, db
from spruce.auth import get_user_model

app = App(__name__, INSTALLED_APPS=["spruce.auth", "spruce.admin"], SECRET_KEY="k" * 40)


class Maker(db.Model):
    name = db.CharField(max_length=50)

    def __str__(self):
        return self.name


class Tag(db.Model):
    name = db.CharField(max_length=50)

    def __str__(self):
        return self.name


class Toy(db.Model):
    name = db.CharField(max_length=80)
    slug = db.SlugField(unique=True)
    active = db.BooleanField(default=True)
    maker = db.ForeignKey(Maker, on_delete=db.CASCADE, related_name="toys")
    other = db.ForeignKey(Maker, on_delete=db.SET_NULL, null=True, blank=True, related_name="+")
    tags = db.ManyToManyField(Tag, blank=True)
    price = db.DecimalField(max_digits=6, decimal_places=2, default=1)
    note = db.TextField(blank=True, help_text="For us")
    created = db.DateTimeField(auto_now_add=True)

    def __str__(self):
        return self.name


class Part(db.Model):
    toy = db.ForeignKey(Toy, on_delete=db.CASCADE, related_name="parts")
    name = db.CharField(max_length=40)

    def __str__(self):
        return self.name


class Parts(admin.TabularInline):
    model = Part


@admin.register(Toy)
class ToyAdmin(admin.ModelAdmin):
    list_display = ["name", "price", "active", "maker", "created"]
    list_editable = ["price"]
    list_filter = ["active", "maker", "created"]
    search_fields = ["name"]
    date_hierarchy = "created"
    prepopulated_fields = {"slug": ["name"]}
    autocomplete_fields = ["maker"]
    filter_horizontal = ["tags"]
    raw_id_fields = ["other"]
    save_as = True
    inlines = [Parts]
    list_per_page = 10


admin.site.register(Maker, search_fields=["name"])
admin.site.register(Tag)

with app.app_context():
    db.create_all()
    if not Maker.objects.exists():
        get_user_model().objects.create_superuser("root", "root@example.com", "correct horse battery")
        makers = [Maker.objects.create(name=name) for name in ("Steiff", "Lego", "熊猫")]
        for name in ("red", "blue", "soft"):
            Tag.objects.create(name=name)
        for number in range(25):
            toy = Toy.objects.create(name=f"Toy {number}", slug=f"toy-{number}", maker=makers[number % 3])
        Part.objects.create(toy=toy, name="wheel")
"""


def enter(browser: Browser, served: Any, width: int, scheme: Any, refused: list[str]) -> Page:
    """A page on which root has logged in; `refused` is told what the policy forbids."""
    context = browser.new_context(
        base_url=served.url, viewport={"width": width, "height": 900}, color_scheme=scheme, locale="en-GB"
    )
    context.on("console", lambda message: refused.append(message.text) if "Security Policy" in message.text else None)
    page = context.new_page()
    page.set_default_timeout(30_000)
    page.goto("/admin/")
    page.get_by_label("Username").fill("root")
    page.locator("input[type=password]").fill("correct horse battery")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Administration")
    return page


@pytest.mark.parametrize(("width", "scheme"), [(1440, "light"), (360, "dark")])
def test_an_owner_at_work(browser: Browser, serve: Callable[..., Any], tmp_path: Path, width: int, scheme: Any) -> None:
    """Logs in, finds, adds, changes, deletes; each page is for everybody, and runs nothing that its policy forbids."""
    (tmp_path / "toys.py").write_text(APP)
    refused: list[str] = []
    page = enter(browser, serve("toys.py", folder=tmp_path), width, scheme, refused)
    look(page)

    page.get_by_role("link", name="Toys", exact=True).click()
    expect(page.get_by_text("25 in all")).to_be_visible()
    look(page)
    page.get_by_role("link", name="Next").click()
    expect(page.get_by_text("Page 2")).to_be_visible()
    page.locator("#q").fill("Toy 1")
    page.keyboard.press("Enter")
    expect(page.get_by_text("12 found, 25 in all")).to_be_visible()

    page.goto("/admin/toys/toy/add/")
    page.get_by_label("Name:").first.fill("Crème brûlée 2")
    expect(page.get_by_label("Slug:")).to_have_value("creme-brulee-2")
    page.get_by_label("Maker:").fill("le")
    page.locator(".autocomplete").get_by_role("option", name="Lego").click()
    page.get_by_role("button", name="Add another row").click()
    expect(page.locator("[name=parts-TOTAL_FORMS]")).to_have_value("2")
    page.locator("[name=parts-1-name]").fill("spoon")
    look(page)
    page.get_by_role("button", name="Save and go on").click()
    expect(page.get_by_role("status")).to_contain_text("was added")
    expect(page.get_by_label("Maker:")).to_have_value("Lego")
    expect(page.locator("[name=parts-0-name]")).to_have_value("spoon")
    look(page)

    page.get_by_label("Slug:").fill("toy-1")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("Toy with this Slug already exists.")
    look(page)
    page.get_by_role("link", name="History").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("History of")
    look(page)
    page.get_by_role("navigation", name="Breadcrumbs").get_by_role("link", name="Crème").click()
    page.get_by_role("link", name="Delete").click()
    expect(page.get_by_text("1 part", exact=True)).to_be_visible()
    look(page)
    page.get_by_role("button", name="Delete").click()
    expect(page.get_by_role("status")).to_contain_text("was deleted")
    assert refused == []
    page.context.close()


@pytest.mark.parametrize(("width", "scheme"), [(1440, "dark"), (360, "light")])
def test_more_of_the_work(browser: Browser, serve: Callable[..., Any], tmp_path: Path, width: int, scheme: Any) -> None:
    """Changes rows in the list, picks tags, looks up and adds what fields point to, searches everything by keyboard."""
    (tmp_path / "toys.py").write_text(APP)
    refused: list[str] = []
    page = enter(browser, serve("toys.py", folder=tmp_path), width, scheme, refused)

    page.goto("/admin/toys/toy/?_facets=&o=1")
    expect(page.get_by_role("link", name="Lego (8)")).to_be_visible()
    look(page)
    page.get_by_label("Price, Toy 0").fill("12345.67")
    page.get_by_label("Price, Toy 1", exact=True).fill("7.5")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("Nothing was saved.")
    expect(page.get_by_text("Ensure that there are no more than 6 digits in total.")).to_be_visible()
    look(page)
    page.get_by_label("Price, Toy 0").fill("6")
    page.get_by_role("button", name="Save").last.click()
    expect(page.get_by_role("status")).to_have_text("2 objects were saved.")
    expect(page.get_by_label("Price, Toy 1", exact=True)).to_have_value("7.50")
    page.get_by_label("Select Toy 0", exact=True).check()
    expect(page.locator(".chosen").first).to_have_text("1 of 10 selected")

    page.get_by_role("link", name="Toy 0", exact=True).click()
    expect(page.get_by_role("listbox", name="Available: Tags")).to_be_visible()
    page.get_by_role("searchbox", name="Look for").fill("bl")
    page.get_by_role("listbox", name="Available: Tags").select_option("blue")
    page.get_by_role("listbox", name="Available: Tags").press("Enter")
    expect(page.get_by_role("listbox", name="Chosen: Tags").get_by_role("option")).to_have_text(["blue"])
    look(page)
    with page.expect_popup() as opened:
        page.get_by_role("link", name="Look up").click()
    opened.value.get_by_role("link", name="熊猫").click()
    expect(page.locator("[name=other]")).to_have_value("3")
    expect(page.locator(".names")).to_have_text("熊猫")
    with page.expect_popup() as opened:
        page.get_by_role("link", name="Add tag").click()
    look(opened.value)
    opened.value.get_by_label("Name:").fill("<i>new</i>")
    opened.value.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("listbox", name="Chosen: Tags").get_by_role("option")).to_have_text(["blue", "<i>new</i>"])
    with page.expect_popup() as opened:
        page.get_by_role("link", name="Add maker").first.click()
    opened.value.get_by_label("Name:").fill("Ravensburger")
    opened.value.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_label("Maker:")).to_have_value("Ravensburger")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page).to_have_url(re.compile(r"/admin/toys/toy/\?_facets=&o=1$"))
    expect(page.get_by_role("row", name="Toy 0")).to_contain_text("Ravensburger")

    page.locator("h1").click()
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox", name="Search everything")).to_be_focused()
    page.keyboard.type("ravens")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Found for “ravens”")
    look(page)
    page.get_by_role("link", name="Ravensburger").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Ravensburger")
    assert refused == []
    page.context.close()
