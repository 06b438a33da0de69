"""Users and groups in the admin."""

from collections.abc import Callable

import pytest

from spruce import App, admin
from spruce.admin.accounts import register_accounts
from spruce.auth.models import Group, Permission
from spruce.auth.user import User
from spruce.web.client import Client

from .conftest import edited


@pytest.fixture(autouse=True)
def _accounts(site: admin.AdminSite, app: App) -> None:
    register_accounts(site)


def sent(client: Client, path: str, **changes: object) -> dict[str, object]:
    version = edited(client, path)["_version"]
    return {"username": "anna", "email": "anna@example.com", "is_active": "on", "_version": version, **changes}


def test_a_user_gets_a_new_password(root: Client, app: App) -> None:
    """If it is good enough; the hash is never shown."""
    path = "/admin/auth/user/4/change/"
    assert "argon2" not in root.get(path).text
    assert root.post(path, data=sent(root, path, new_password="short")).status_code == 422
    assert root.post(path, data=sent(root, path, new_password="a quite long one 7")).status_code == 303
    with app.app_context():
        assert User.objects.get(pk=4).check_password("a quite long one 7")
    assert root.post(path, data=sent(root, path)).status_code == 303
    with app.app_context():
        assert User.objects.get(pk=4).check_password("a quite long one 7")


def test_a_new_user_without_password_cannot_log_in(root: Client, app: App) -> None:
    """Until one is given."""
    path = "/admin/auth/user/add/"
    assert root.post(path, data={"username": "new", "email": "n@example.com", "is_active": "on"}).status_code == 303
    with app.app_context():
        assert not User.objects.get(username="new").has_usable_password()


def test_nobody_gives_themselves_rights(log_in: Callable[[str], Client], app: App) -> None:
    """Who may change users still changes no rights, and no superuser."""
    with app.app_context():
        rights = Permission.objects.filter(app_label="auth")
        helper = User.objects.get(username="helper")
        helper.user_permissions.set(list(rights))
    client = log_in("helper")
    path = f"/admin/auth/user/{helper.pk}/change/"
    data = sent(client, path, username="helper", email="helper@example.com", is_superuser="on", is_staff="on")
    assert client.post(path, data=data).status_code == 303
    with app.app_context():
        assert not User.objects.get(pk=helper.pk).is_superuser
    assert client.post("/admin/auth/user/1/change/", data=sent(client, path, new_password="x")).status_code == 403
    assert client.post("/admin/auth/user/1/delete/").status_code == 403
    assert client.post(f"/admin/auth/user/{helper.pk}/delete/").status_code == 403
    assert client.get("/admin/auth/group/").status_code == 200
    assert client.get("/admin/auth/group/add/").status_code == 403


def test_groups(root: Client, app: App) -> None:
    """With their permissions; users are looked for by name and address."""
    assert root.post("/admin/auth/group/add/", data={"name": "Editors", "permissions": ["1", "2"]}).status_code == 303
    with app.app_context():
        assert Group.objects.get().permissions.count() == 2
    page = root.get("/admin/auth/user/?q=anna@").text
    assert "anna" in page
    assert "seer" not in page


def test_no_hash_leaves_in_an_export(log_in: Callable[[str], Client], app: App) -> None:
    """Nor anything else that no page shows; and no page shows it, to whomever."""
    with app.app_context():
        hashed = User.objects.get(username="root").password
        salt = User.objects.get(username="root").session_salt
        rights = Permission.objects.filter(app_label="auth", codename__startswith="view_")
        User.objects.get(username="helper").user_permissions.set(list(rights))
    for name in ("root", "helper"):
        client = log_in(name)
        head = client.get("/admin/auth/user/export/csv").text.splitlines()[0]
        assert "username" in head
        assert "password" not in head
        for path in ("/admin/auth/user/", "/admin/auth/user/1/change/", "/admin/auth/user/export/json"):
            page = client.get(path).text
            assert hashed not in page
            assert not salt or salt not in page


def test_nobody_takes_over_who_may_do_more(log_in: Callable[[str], Client], app: App) -> None:
    """Setting the password of somebody with further rights, or their address, would be a way to these rights."""
    with app.app_context():
        User.objects.get(username="helper").user_permissions.set(list(Permission.objects.filter(app_label="auth")))
        seer, anna = User.objects.get(username="seer"), User.objects.get(username="anna")
    client = log_in("helper")
    for verb in ("change", "delete"):
        assert client.post(f"/admin/auth/user/{seer.pk}/{verb}/", data={"username": "seer"}).status_code == 403
    assert 'name="new_password"' not in client.get(f"/admin/auth/user/{seer.pk}/change/").text
    path = f"/admin/auth/user/{anna.pk}/change/"
    data = sent(client, path, username="anna", email="other@example.com", is_active="on")
    assert client.post(path, data=data).status_code == 303
    with app.app_context():
        assert User.objects.get(username="anna").email == "other@example.com"
