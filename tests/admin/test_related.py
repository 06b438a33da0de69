"""Ways to add and to open what a field points to."""

from collections.abc import Callable
from typing import Any

from spruce import App, admin
from spruce.auth.models import Permission
from spruce.auth.user import User
from spruce.web.client import Client

from .conftest import Maker

PATH = "/admin/adminshop/product/1/change/"


def test_ways_to_other_objects(root: Client, site: admin.AdminSite) -> None:
    """Beside each field that points to a model of the admin."""
    page = root.get(PATH).text
    assert 'href="/admin/adminshop/maker/add/?_popup=1">Add maker</a>' in page
    assert 'data-href="/admin/adminshop/maker/__key__/change/?_popup=1"' in page
    assert 'href="/admin/adminshop/tag/add/?_popup=1">Add tag</a>' in page
    site.unregister(Maker)
    page = root.get(PATH).text
    assert ("Add maker" in page, "Add tag" in page) == (False, True)


def test_only_for_who_may(log_in: Callable[[str], Client], app: App) -> None:
    """Go there."""
    with app.app_context():
        wanted = ["change_product", "view_maker"]
        rights = Permission.objects.filter(codename__in=wanted, app_label="adminshop")
        User.objects.get(username="helper").user_permissions.set(list(rights))
    page = log_in("helper").get(PATH).text
    assert ("Add maker" in page, "maker/__key__/change" in page, "Add tag" in page) == (False, True, False)


def test_what_is_only_shown_leads_to_its_object(root: Client, log_in: Callable[[str], Client], site: Any) -> None:
    """For who may see it."""
    site.find("adminshop", "product").readonly_fields = ("created", "maker")
    link = '<div class="readonly"><a href="/admin/adminshop/maker/1/change/">Steiff</a></div>'
    assert link in root.get(PATH).text
    assert link in log_in("seer").get(PATH).text
    assert root.get("/admin/adminshop/product/add/").status_code == 200
    site.unregister(Maker)
    page = root.get(PATH).text
    assert (link in page, '<div class="readonly">Steiff</div>' in page) == (False, True)
