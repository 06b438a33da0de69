"""The admin as an installed app."""

import sys
from pathlib import Path

import pytest
from tests.auth.people import settings

from spruce import App, admin
from spruce.auth.user import User
from spruce.errors import ConfigError
from spruce.web.checks import check

from .conftest import Tag


def test_it_is_below_its_prefix(tmp_path: Path) -> None:
    """With accounts registered; an empty prefix leaves the pages out."""
    more = {"INSTALLED_APPS": ["spruce.auth", "spruce.admin"]}
    app = App("installed", static_folder=None, **settings(tmp_path, **more))
    assert app.test_client().get("/admin/").status_code == 302
    assert admin.site.is_registered(User)
    app = App("moved", static_folder=None, **settings(tmp_path, ADMIN_URL_PREFIX="/office", **more))
    assert app.test_client().get("/office/").status_code == 302
    app = App("without", static_folder=None, **settings(tmp_path, ADMIN_URL_PREFIX="", **more))
    assert app.test_client().get("/admin/").status_code == 404


def test_it_needs_accounts(tmp_path: Path) -> None:
    """Which is said when the app is made ready."""
    app = App("alone", static_folder=None, **settings(tmp_path, INSTALLED_APPS=["spruce.admin"]))
    with pytest.raises(ConfigError) as refused:
        app.test_client().get("/")
    assert str(refused.value) == (
        "spruce.admin needs accounts, and INSTALLED_APPS has no spruce.auth. Put it before spruce.admin."
    )


def test_modules_named_admin_are_imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of each installed app."""
    (tmp_path / "adminparts").mkdir()
    (tmp_path / "adminparts/__init__.py").write_text("")
    (tmp_path / "adminparts/admin.py").write_text("seen = True")
    monkeypatch.syspath_prepend(tmp_path)
    app = App(
        "parts",
        static_folder=None,
        **settings(tmp_path, INSTALLED_APPS=["spruce.auth", "adminparts", "spruce.admin"]),
    )
    app.test_client().get("/")
    assert "adminparts.admin" in sys.modules


def test_what_is_wrong_with_classes_is_told_by_check(tmp_path: Path) -> None:
    """With everything else that `spruce check` looks for."""
    more = {"INSTALLED_APPS": ["spruce.auth", "spruce.admin"]}
    app = App("checked", static_folder=None, **settings(tmp_path, **more))
    admin.site.register(Tag, list_display="name")
    try:
        found = [str(finding) for finding in check(app)]
    finally:
        admin.site.unregister(Tag)
    assert "error: TagAdmin.list_display is 'name', and has to be a list or a tuple" in found
    assert not [text for text in map(str, check(app)) if "Admin" in text]
