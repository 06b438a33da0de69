"""Where people are led, and what windows of their own tell the page that opened them."""

import html
import json
import re
from collections.abc import Callable
from typing import Any

from spruce import App, admin
from spruce.auth.models import Permission
from spruce.auth.user import User
from spruce.http import Response
from spruce.web import redirect
from spruce.web.client import Client

from .conftest import Maker, Product, edited

MAKERS = "/admin/adminshop/maker/"


def told(answer: Response) -> Any:
    """What a window tells the page that has opened it."""
    found = re.search(r'data-popup="([^"]*)"', answer.text)
    assert found
    return json.loads(html.unescape(found[1]))


def test_a_window_tells_what_was_done(root: Client) -> None:
    """Added, changed, deleted; markup in names stays text."""
    page = root.get(f"{MAKERS}add/?_popup=1").text
    for absent in ('<header class="top">', "Log out", "_addanother", "_continue"):
        assert absent not in page
    answer = root.post(f"{MAKERS}add/?_popup=1", data={"name": "<i>'\"&"})
    assert told(answer) == {"action": "add", "key": "3", "text": "<i>'\"&"}
    version = re.search(r'name="_version" value="(\w+)"', root.get(f"{MAKERS}3/change/").text)
    assert version
    answer = root.post(f"{MAKERS}3/change/?_popup=1", data={"name": "Lego", "_version": version[1]})
    assert told(answer) == {"action": "change", "key": "3", "text": "Lego"}
    assert told(root.post(f"{MAKERS}3/delete/?_popup=1")) == {"action": "delete", "key": "3", "text": "Lego"}


def test_a_list_in_a_window_chooses(root: Client) -> None:
    """Its links say which key they stand for, and it stays a window when it is searched."""
    page = root.get(f"{MAKERS}?_popup=1").text
    assert 'data-key="1">Steiff</a>' in page
    assert '<input type="hidden" name="_popup" value="1">' in page
    assert "change/?_popup=1" in page
    assert "data-key" not in root.get(MAKERS).text


def test_who_may_only_add_is_led_to_the_first_page(log_in: Callable[[str], Client], app: App) -> None:
    """Since the list is not for them."""
    with app.app_context():
        rights = Permission.objects.filter(codename__in=["add_maker"], app_label="adminshop")
        User.objects.get(username="helper").user_permissions.set(list(rights))
    helper = log_in("helper")
    for button in ("_save", "_continue"):
        answer = helper.post(f"{MAKERS}add/", data={"name": f"M{button}", button: ""})
        assert (answer.status_code, answer.headers["Location"]) == (303, "/admin/")
    assert helper.post(f"{MAKERS}add/", data={"name": "X", "_addanother": ""}).headers["Location"] == f"{MAKERS}add/"


def test_answers_of_the_programs_own(root: Client, site: admin.AdminSite) -> None:
    """Under Django's names."""

    class Own(admin.ModelAdmin):
        def response_add(self, request: Any, obj: Any, post_url_continue: str | None = None) -> Response:
            self.message_user(request, f"made {obj}", "error")
            return super().response_add(request, obj, "/there/")

        def response_change(self, request: Any, obj: Any) -> Response:
            return redirect("/changed/")

        def response_delete(self, request: Any, obj_display: str, obj_id: Any) -> Response:
            return redirect(f"/gone/{obj_display}/{obj_id}/")

    site.unregister(Maker)
    site.register(Maker, Own)
    answer = root.post(f"{MAKERS}add/", data={"name": "A", "_continue": ""})
    assert answer.headers["Location"] == "/there/"
    assert '<p class="note error" role="status">made A</p>' in root.get(MAKERS).text
    version = re.search(r'name="_version" value="(\w+)"', root.get(f"{MAKERS}3/change/").text)
    assert version
    data = {"name": "B", "_version": version[1]}
    assert root.post(f"{MAKERS}3/change/", data=data).headers["Location"] == "/changed/"
    assert root.post(f"{MAKERS}3/delete/").headers["Location"] == "/gone/B/3/"


def test_an_object_is_saved_as_a_new_one(root: Client, site: admin.AdminSite, app: App) -> None:
    """With its rows; where it leads is the class's choice, and mistakes keep it a new one."""
    path = "/admin/adminshop/product/1/change/"
    assert "_saveasnew" not in root.get(path).text
    shown: Any = site.find("adminshop", "product")
    shown.save_as = True
    page = root.get(path).text
    assert ('name="_saveasnew"' in page, 'name="_addanother"' in page) == (True, False)
    answer = root.post(path, data={**edited(root, path, slug="car"), "_saveasnew": ""})
    assert answer.status_code == 422
    assert ('name="_saveasnew" class="primary"' in answer.text, 'name="_save"' in answer.text) == (True, False)
    answer = root.post(path, data={**edited(root, path, slug="bear3"), "_saveasnew": ""})
    with app.app_context():
        made = Product.objects.get(slug="bear3")
        assert [str(line) for line in made.lines.all()] == ["soft"]
        assert Product.objects.get(pk=1).lines.count() == 1
    assert answer.headers["Location"] == f"/admin/adminshop/product/{made.pk}/change/"
    shown.save_as_continue = False
    answer = root.post(path, data={**edited(root, path, slug="bear4"), "_saveasnew": ""})
    assert answer.headers["Location"] == "/admin/adminshop/product/"


def test_saving_as_new_needs_the_right_to_add(log_in: Callable[[str], Client], app: App, site: Any) -> None:
    """Changing is not enough."""
    site.find("adminshop", "product").save_as = True
    with app.app_context():
        rights = Permission.objects.filter(codename__in=["change_product"], app_label="adminshop")
        User.objects.get(username="helper").user_permissions.set(list(rights))
    helper, path = log_in("helper"), "/admin/adminshop/product/1/change/"
    assert "_saveasnew" not in helper.get(path).text
    assert helper.post(path, data={**edited(helper, path, slug="x"), "_saveasnew": ""}).status_code == 403
