"""Permissions: labels, names, and rows made of the models."""

from types import SimpleNamespace
from typing import Any

import pytest

from spruce import App, config, db
from spruce.auth import Permission, User, create_permissions, get_permission_codename, permission_name
from spruce.auth.permissions import Known, label_of, permissions_of, remember_labels


class Parcel(db.Model):
    class Meta:
        db_table = "t_auth_parcel"
        app_label = "post"
        permissions = (("stamp_parcel", "Can stamp a parcel"),)
        default_permissions = ("view",)


def model_in(module: str) -> Any:
    return SimpleNamespace(_meta=SimpleNamespace(app_label=None), __module__=module, __name__="Thing")


@pytest.mark.parametrize(
    ("module", "label"),
    [
        ("shop.models", "shop"),
        ("firm.shop.models", "shop"),
        ("firm.shop.models.orders", "shop"),
        ("shop.catalogue", "shop"),
        ("models", "app"),
        ("hello", "hello"),
        ("custom.models", "special"),
        ("spruce.auth.user", "auth"),
    ],
)
def test_the_label_of_a_model_is_that_of_the_part_it_lies_in(module: str, label: str) -> None:
    settings = config.Settings()
    remember_labels(settings, {"custom": "special"})
    token = config.use(settings)
    try:
        assert label_of(model_in(module)) == label
    finally:
        config.leave(token)


def test_a_module_that_is_run_has_the_name_of_its_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.modules", {"__main__": SimpleNamespace(__file__="shop/hello.py")})
    assert label_of(model_in("__main__")) == "hello"


def test_a_model_says_what_can_be_allowed() -> None:
    assert list(permissions_of(Parcel)) == [
        Known("post", "parcel", "view_parcel", "Can view parcel"),
        Known("post", "parcel", "stamp_parcel", "Can stamp a parcel"),
    ]
    assert get_permission_codename("add", Parcel) == "add_parcel"
    assert permission_name("add", Parcel) == "post.add_parcel"
    assert permission_name("add", User) == "auth.add_user"


def test_create_all_makes_the_rows_and_asking_again_makes_none(app: App) -> None:
    with app.app_context():
        assert str(Permission.objects.by_name("post.stamp_parcel")) == "post.stamp_parcel"
        assert Permission.objects.filter(app_label="auth", model="user").count() == 4
        assert not Permission.objects.filter(codename__contains="user_groups").exists()
        assert create_permissions() == 0
        Permission.objects.by_name("post.view_parcel").delete()
        assert create_permissions() == 1


def test_an_app_without_accounts_makes_none(tmp_path: Any) -> None:
    app = App("plain", static_folder=None, DATABASES={"default": f"sqlite:///{tmp_path}/plain.db"})
    with app.app_context():
        db.create_all()
        assert Permission.objects.count() == 0
        db.drop_all()
    app.config.resources["spruce.db"].close()  # type: ignore[attr-defined] # the databases of this app
