"""Bulk actions."""

from collections.abc import Callable
from typing import Any

import pytest

from spruce import App, Response, admin
from spruce.admin import actions
from spruce.auth.models import Permission
from spruce.auth.user import User
from spruce.errors import AdminError
from spruce.web.client import Client

from .conftest import Product, Review, hide

LIST = "/admin/adminshop/product/"


def test_an_action_asks_first(root: Client, app: App) -> None:
    """Shows what it is about, and runs when that is confirmed."""
    data = {"action": "hide", "_selected_action": ["1"]}
    page = root.post(LIST, data=data)
    assert page.status_code == 200
    assert "<h1>Hide?</h1>" in page.text
    assert "Bear &lt;b&gt;" in page.text
    assert root.post(LIST, data={**data, "confirmed": "yes"}).status_code == 303
    with app.app_context():
        assert not Product.objects.get(pk=1).active


def test_deleting_the_selected_objects(root: Client, app: App) -> None:
    """With what goes with them; never if something protects one."""
    data = {"action": "delete_selected", "_selected_action": ["1", "2", "x", "99"]}
    assert "1 line" in root.post(LIST, data=data).text
    with app.app_context():
        review = Review.objects.create(product=Product.objects.get(pk=1))
    assert "Yes, do it" not in root.post(LIST, data=data).text
    page = root.post(LIST, data={**data, "confirmed": "yes"}, follow_redirects=True).text
    assert "Not deleted: other objects protect them." in page
    with app.app_context():
        review.delete()
    page = root.post(LIST, data={**data, "confirmed": "yes"}, follow_redirects=True).text
    assert "2 objects were deleted." in page
    with app.app_context():
        assert Product.objects.count() == 0


def test_what_is_no_action_or_no_choice_is_told(root: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """And does nothing."""
    page = root.post(LIST, data={"action": "get_queryset", "_selected_action": ["1"]}, follow_redirects=True).text
    assert "No action selected." in page
    assert "Select the objects first." in root.post(LIST, data={"action": "hide"}, follow_redirects=True).text
    monkeypatch.setattr(actions, "MOST", 1)
    assert root.post(LIST, data={"action": "hide", "_selected_action": ["1", "2"]}).status_code == 400


def test_actions_of_the_whole_site(root: Client, site: admin.AdminSite) -> None:
    """Which may answer themselves."""

    def names(model_admin: admin.ModelAdmin, request: object, queryset: object) -> object:
        return Response(", ".join(str(each) for each in queryset))  # type: ignore[attr-defined] # a QuerySet

    site.add_action(names)
    page = root.post(LIST, data={"action": "names", "_selected_action": ["1", "2"]})
    assert page.text == "Bear <b>, Car"


def test_what_goes_along_needs_rights_too(log_in: Callable[[str], Client], app: App) -> None:
    """By the page of an object and by the action alike."""
    with app.app_context():
        rights = Permission.objects.filter(codename__in=["delete_product", "view_product"], app_label="adminshop")
        User.objects.get(username="helper").user_permissions.set(list(rights))
    helper = log_in("helper")
    data = {"action": "delete_selected", "confirmed": "yes", "_selected_action": ["1"]}
    page = helper.post(LIST, data=data, follow_redirects=True).text
    assert "You may not delete what would go with it: lines." in page
    assert helper.post(f"{LIST}1/delete/").status_code == 409
    assert helper.post(f"{LIST}2/delete/").status_code == 303
    with app.app_context():
        assert [product.pk for product in Product.objects.all()] == [1]


def test_lists_without_actions(root: Client, site: admin.AdminSite) -> None:
    """None at all, or none of the site's."""
    shown: Any = site.find("adminshop", "product")
    site.disable_action("delete_selected")
    page = root.get("/admin/adminshop/product/").text
    assert ("delete_selected" in page, 'value="hide"' in page) == (False, True)
    with pytest.raises(AdminError, match="the site has no action 'delete_selected'"):
        site.disable_action("delete_selected")
    shown.actions = None
    assert "_selected_action" not in root.get("/admin/adminshop/product/").text


def test_who_may_not_run_an_action_is_refused(log_in: Callable[[str], Client], app: App) -> None:
    """With the page of refusals, as everywhere; nothing is done, and nothing asked."""
    answer = log_in("seer").post(LIST, data={"action": "hide", "confirmed": "yes", "_selected_action": ["1"]})
    assert answer.status_code == 403
    assert "You may not do this." in answer.text
    with app.app_context():
        assert Product.objects.get(pk=1).active


def test_an_action_asks_for_the_right_to_each_object(root: Client, site: admin.AdminSite, app: App) -> None:
    """Who may change some objects only runs no action that changes others."""

    class Some(admin.ModelAdmin):
        actions = (hide,)

        def has_change_permission(self, request: Any, obj: Any = None) -> bool:
            return obj is None or obj.slug != "bear"

    site.unregister(Product)
    site.register(Product, Some)
    data = {"action": "hide", "_selected_action": ["1", "2"], "confirmed": "yes"}
    assert root.post(LIST, data=data).status_code == 403
    with app.app_context():
        assert Product.objects.get(pk=1).active
    assert root.post(LIST, data={**data, "_selected_action": ["2"]}).status_code == 303
