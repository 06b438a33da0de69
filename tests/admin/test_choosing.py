"""Which rows are offered for a relation."""

from typing import Any

import pytest

from spruce import App, admin, db
from spruce.admin.choosing import RELATION, named, offered
from spruce.web.client import Client

from .conftest import Maker, Product, Tag, edited
from .test_pickers import PATH

MAKERS = "/admin/adminshop/maker/"


@pytest.fixture
def limited(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only makers with S make products, and only tags without one stand on them."""
    monkeypatch.setattr(Product._meta.field("maker"), "limit_choices_to", {"name__startswith": "S"})
    monkeypatch.setattr(Product._meta.many["tags"], "limit_choices_to", lambda: ~db.Q(name__startswith="s"))


@pytest.fixture
def more(app: App, root: Client) -> None:
    """Makers and tags that fit, and some that don't."""
    with app.app_context():
        Maker.objects.bulk_create([Maker(name=name) for name in ("Schuco", "Käthe Kruse")])
        Tag.objects.create(name="silver")


def test_a_relation_without_a_limit_is_not_named() -> None:
    """Its window has all rows."""
    assert named(Product._meta.field("maker")) == {}


@pytest.mark.usefixtures("limited")
def test_a_relation_with_a_limit_is_named() -> None:
    """By its model and its own name; one to many rows too."""
    name = named(Product._meta.field("maker"))[RELATION]
    assert name.endswith(".conftest.Product.maker")
    assert named(Product._meta.many["tags"])[RELATION].endswith(".conftest.Product.tags")


@pytest.mark.usefixtures("limited", "more")
def test_a_name_counts_for_its_own_target_only(app: App) -> None:
    """Others change nothing."""
    name = named(Product._meta.field("maker"))[RELATION]
    with app.app_context():
        every = Maker.objects.count()
        for given, model, found in ((name, Maker, 2), (f"{name}s", Maker, every), ("", Maker, every), (name, Tag, 2)):
            with app.test_request_context("/", query_string={RELATION: given}) as context:
                assert offered(context.request, model.objects.all(), model).count() == found


@pytest.mark.usefixtures("limited", "more")
def test_autocompletion_offers_what_the_form_takes(root: Client, site: admin.AdminSite) -> None:
    """Whatever is typed."""
    site.find("adminshop", "product").autocomplete_fields = ("maker",)
    path = _link(root, 'data-url="')
    assert path.startswith(f"{MAKERS}autocomplete/?")
    assert [each["text"] for each in root.get(path).json["results"]] == ["Schuco", "Steiff"]
    assert [each["text"] for each in root.get(f"{path}e").json["results"]] == ["Steiff"]
    every = root.get(f"{MAKERS}autocomplete/?q=").json["results"]
    wrong = next(each["id"] for each in every if each["text"] == "Käthe Kruse")
    answer = root.post(PATH, data=edited(root, PATH, maker=wrong))
    assert (answer.status_code, "Select a valid choice." in answer.text) == (422, True)


@pytest.mark.parametrize(
    ("field", "fits", "others"), [("maker", ("Schuco", "Steiff"), ("Käthe Kruse",)), ("tags", ("red",), ("silver",))]
)
@pytest.mark.usefixtures("limited", "more")
def test_a_window_offers_what_the_form_takes(
    root: Client, site: admin.AdminSite, field: str, fits: tuple[str, ...], others: tuple[str, ...]
) -> None:
    """Its search and pages too; the list itself, which is not in a window, has all rows."""
    site.find("adminshop", "product").raw_id_fields = (field,)
    path = _link(root, '<a class="button small lookup" href="')
    page = root.get(path).text
    for name in fits:
        assert f">{name}</a>" in page
    for name in others:
        assert f">{name}</a>" not in page
        assert f">{name}</a>" in root.get(path.replace("_popup=1", "")).text


@pytest.mark.usefixtures("limited", "more")
def test_a_search_in_a_window_keeps_to_the_relation(root: Client, site: admin.AdminSite) -> None:
    """Its form carries the name on."""
    site.find("adminshop", "product").raw_id_fields = ("maker",)
    path = _link(root, '<a class="button small lookup" href="')
    assert f'<input type="hidden" name="{RELATION}" value="' in root.get(path).text
    page = root.get(f"{path}&q=e").text
    assert ("Steiff</a>" in page, "Käthe Kruse</a>" in page) == (True, False)


def _link(root: Client, before: str) -> Any:
    """The address that stands behind a text in the page of a product."""
    return root.get(PATH).text.partition(before)[2].partition('"')[0].replace("&amp;", "&")
