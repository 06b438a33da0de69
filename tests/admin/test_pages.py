"""Each address of the admin, for each kind of person, by each verb; and what pages do."""

from collections.abc import Callable

import pytest

from spruce import App, i18n
from spruce.admin.models import LogEntry
from spruce.web.client import Client

from .conftest import Line, Maker, Product, Review, edited
from .running import expected, told

PEOPLE = ("", "anna", "helper", "seer", "root")
PAGES: dict[str, dict[str, tuple[int, ...]]] = {
    "/admin/": {"GET": (302, 403, 200, 200, 200)},
    "/admin/search/": {"GET": (302, 403, 200, 200, 200)},
    "/admin/search/?q=bear": {"GET": (302, 403, 200, 200, 200)},
    "/admin/adminshop/": {"GET": (302, 403, 403, 200, 200)},
    "/admin/other/": {"GET": (302, 403, 404, 404, 404)},
    "/admin/adminshop/product/": {"GET": (302, 403, 403, 200, 200), "POST": (302, 403, 403, 303, 303)},
    "/admin/adminshop/product/add/": {"GET": (302, 403, 403, 403, 200), "POST": (302, 403, 403, 403, 422)},
    "/admin/adminshop/product/1/change/": {"GET": (302, 403, 403, 200, 200), "POST": (302, 403, 403, 403, 409)},
    "/admin/adminshop/product/1/delete/": {"GET": (302, 403, 403, 403, 200), "POST": (302, 403, 403, 403, 303)},
    "/admin/adminshop/product/1/history/": {"GET": (302, 403, 403, 200, 200)},
    "/admin/adminshop/product/import/": {"GET": (302, 403, 403, 403, 200), "POST": (302, 403, 403, 403, 422)},
    "/admin/adminshop/maker/autocomplete/": {"GET": (302, 403, 403, 200, 200)},
    "/admin/adminshop/product/export/csv": {"GET": (302, 403, 403, 200, 200)},
    "/admin/adminshop/product/export/json": {"GET": (302, 403, 403, 200, 200)},
    "/admin/adminshop/product/export/exe": {"GET": (302, 403, 403, 404, 404)},
    "/admin/adminshop/product/99/change/": {"GET": (302, 403, 403, 404, 404), "POST": (302, 403, 403, 403, 404)},
    "/admin/adminshop/product/x/delete/": {"GET": (302, 403, 403, 403, 404), "POST": (302, 403, 403, 403, 404)},
    "/admin/adminshop/product/99/history/": {"GET": (302, 403, 403, 404, 404)},
    "/admin/adminshop/review/": {"GET": (302, 403, 404, 404, 404), "POST": (302, 403, 404, 404, 404)},
    "/admin/other/product/": {"GET": (302, 403, 404, 404, 404), "POST": (302, 403, 404, 404, 404)},
}
"""What is answered to nobody, to somebody, to staff without rights, to who may view, and to who may do everything."""


@pytest.mark.parametrize("path", PAGES)
def test_who_may_do_what(log_in: Callable[[str], Client], path: str) -> None:
    """A table without holes: what is no verb of an address is 405, for whoever may come there."""
    for place, name in enumerate(PEOPLE):
        assert told(log_in(name), path) == expected(PAGES[path], place), name


def test_every_address_is_in_the_table(app: App) -> None:
    """An address that is added later has to be looked at too."""
    endpoints = {rule.endpoint for rule in app.url_map.iter_rules() if rule.endpoint.startswith("admin.")}
    assert endpoints == {
        "admin.index", "admin.search", "admin.app_index", "admin.changelist", "admin.add", "admin.change",
        "admin.delete",
        "admin.history", "admin.export", "admin.autocomplete", "admin.imports", "admin.static",
    }  # fmt: skip


def test_who_may_only_view_sees_no_inputs(log_in: Callable[[str], Client]) -> None:
    """Neither of the object nor of inlines, and no action is offered."""
    seer = log_in("seer")
    page = seer.get("/admin/adminshop/product/1/change/").text
    assert "Bear &lt;b&gt;" in page
    assert 'name="name"' not in page
    assert 'name="_save"' not in page
    page = seer.get("/admin/adminshop/product/").text
    assert "_selected_action" not in page
    data = {"action": "delete_selected", "confirmed": "yes", "_selected_action": ["1"]}
    assert seer.post("/admin/adminshop/product/", data=data).status_code == 403
    assert "Bear" in seer.get("/admin/adminshop/product/").text


def test_the_whole_way_of_an_object(root: Client, app: App) -> None:
    """Added, changed, shown in its history, deleted."""
    sent = edited(root, "/admin/adminshop/product/add/", name="New", slug="new", tags=["1"])
    sent |= {"lines-INITIAL_FORMS": "0", "lines-0-id": ""}
    answer = root.post("/admin/adminshop/product/add/", data=sent, follow_redirects=True)
    assert "The product “New” was added." in answer.text.replace("&#34;", '"')
    with app.app_context():
        made = Product.objects.get(slug="new")
        assert ([str(tag) for tag in made.tags.all()], [str(line) for line in made.lines.all()]) == (["red"], ["soft"])
    path = f"/admin/adminshop/product/{made.pk}"
    sent = edited(root, f"{path}/change/", name="Newer", slug="new", **{"lines-0-id": "2"})
    answer = root.post(f"{path}/change/", data=sent)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/admin/adminshop/product/")
    page = root.get(f"{path}/history/").text
    assert '<th scope="row">Name</th><td><del>New</del></td><td><ins>Newer</ins></td>' in page
    assert '<th scope="row">Tags</th><td><del>red</del></td><td></td>' in page
    assert root.post(f"{path}/delete/").status_code == 303
    with app.app_context():
        assert not Product.objects.filter(slug="new").exists()
        assert [entry.action for entry in LogEntry.objects.filter(object_key=str(made.pk))] == [
            "delete",
            "change",
            "add",
        ]
    assert "Newer" in root.get("/admin/").text


def test_where_saving_leads(root: Client) -> None:
    """To the list, back to the object, or to another new one."""
    path = "/admin/adminshop/product/1/change/"
    for button, target in (
        ("_save", "/admin/adminshop/product/"), ("_continue", path), ("_addanother", "/admin/adminshop/product/add/"),
    ):  # fmt: skip
        answer = root.post(path, data={**edited(root, path), button: ""})
        assert answer.headers["Location"] == target


def test_mistakes_come_back(root: Client, app: App) -> None:
    """With a summary; nothing is saved, of inlines neither."""
    path = "/admin/adminshop/product/1/change/"
    answer = root.post(path, data=edited(root, path, slug="car", price="x", **{"lines-0-text": ""}))
    assert answer.status_code == 422
    for text in ("Product with this Slug already exists.", "Enter a number.", "Please correct the rows below."):
        assert text in answer.text
    with app.app_context():
        assert Line.objects.get().text == "soft"


def test_what_cascades_is_shown_and_what_protects_too(root: Client, app: App) -> None:
    """Before anything goes."""
    page = root.get("/admin/adminshop/maker/1/delete/").text
    for text in ("1 maker", "2 products", "1 line", "Bear &lt;b&gt;"):
        assert text in page
    assert "tags" not in page
    with app.app_context():
        Review.objects.create(product=Product.objects.get(pk=1))
    assert "review: a review" in root.get("/admin/adminshop/maker/1/delete/").text
    assert root.post("/admin/adminshop/maker/1/delete/").status_code == 409
    with app.app_context():
        assert Maker.objects.count() == 2


def test_pages_run_nothing_of_others(root: Client) -> None:
    """No script or style stands in a page, none comes from elsewhere, and nobody keeps the page."""
    for path in ("/admin/", "/admin/adminshop/product/", "/admin/adminshop/product/1/change/"):
        answer = root.get(path)
        assert answer.headers["Cache-Control"] == "no-store"
        assert "default-src 'none'; script-src 'self'" in answer.headers["Content-Security-Policy"]
        for bad in ("style=", "onclick", "<style", "javascript:", "https://"):
            assert bad not in answer.text
        assert "<b>" not in answer.text.replace("<body>", "")


def test_initial_values_from_the_address(root: Client) -> None:
    """For links from elsewhere; other names are no matter."""
    page = root.get("/admin/adminshop/product/add/?name=A<&maker=2&x=y").text
    assert 'value="A&lt;"' in page
    assert '<option value="2" selected>' in page


def test_pages_speak_chinese(root: Client) -> None:
    """As far as the admin itself says something; the order of the words is the language's."""
    with i18n.override("zh-Hans"):
        page = root.get("/admin/adminshop/product/").text
    with i18n.override("zh-Hans"):
        page += root.get("/admin/adminshop/product/?kind=t&_facets=").text
        page += root.get("/admin/search/?q=bear").text
    for text in ("找到 1 个，共 2 个", "按Kind", "隐藏数量", "“bear”的搜索结果", "搜索全部"):
        assert text in page
    for text in ("添加product", "共 2 个", "删除所选的products", "筛选", "全部", '<html lang="zh-Hans"'):
        assert text in page
