"""An app whose admin has all pages about the running system, and people with different rights; what tests do there."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.auth.people import PASSWORD, settings

from spruce import App, admin, db, task
from spruce.admin.system import register_system_pages
from spruce.auth import get_user_model
from spruce.auth.models import Permission
from spruce.db.databases import Databases
from spruce.web.client import Client

__all__ = ["VERBS", "breaks", "do", "expected", "running_app", "told"]

VERBS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")


@task
def breaks(text: str) -> None:
    """A job that fails."""
    raise ValueError(text)


def running_app(tmp_path: Path) -> Iterator[App]:
    """Yield an app in which all of it is on, with people: root, clerk (who may change), seer, helper, anna."""
    more = {
        "CACHES": {"default": "memory://", "pages": "memory://", "odd": "near+wrong://cat:hunter2@x"},
        "VIEWER": True,
        "INSTANCE_PATH": str(tmp_path),
    }
    app = App("system", static_folder=None, **settings(tmp_path, **more))
    site = admin.AdminSite()
    register_system_pages(site)
    site.init_app(app)
    with app.app_context():
        db.create_all()
        users = get_user_model().objects
        users.create_superuser("root", "root@example.com", PASSWORD)
        for name, verb in (("seer", "view"), ("clerk", "change"), ("helper", "")):
            user = users.create_user(name, f"{name}@example.com", PASSWORD, is_staff=True)
            rights = Permission.objects.filter(app_label="admin", codename__startswith=f"{verb}_") if verb else []
            extra = Permission.objects.filter(app_label="admin", codename="view_requests") if verb else []
            user.user_permissions.set([*(one for one in rights if not one.codename.endswith("logentry")), *extra])
        users.create_user("anna", "anna@example.com", PASSWORD)
    yield app
    viewer: Any = app.config.resources.get("spruce.apm.viewer")
    if viewer is not None:
        viewer.close()
    client: Any = app.config.resources.get("apm")
    if client is not None:
        client.close()
    databases = app.config.resources.get("spruce.db")
    if isinstance(databases, Databases):
        databases.close()


def do(client: Client, path: str, action: str, *keys: str) -> str:
    """Ask for something, say yes, and return the page that comes then."""
    asked = client.post(path, data={"action": action, "key": list(keys)})
    assert asked.status_code == 200
    for key in keys:
        assert f'name="key" value="{key}"' in asked.text
    return client.post(path, data={"action": action, "key": list(keys), "confirmed": "yes"}, follow_redirects=True).text


def told(client: Client, path: str) -> dict[str, int]:
    """What an address answers to each verb, by its status."""
    return {verb: client.open(path, method=verb, data={} if verb == "POST" else None).status_code for verb in VERBS}


def expected(table: dict[str, tuple[int, ...]], place: int) -> dict[str, int]:
    """What a line of a table says of each verb for who is at a place of it; 405 for a verb that it has not."""
    known = {verb: table.get("GET" if verb == "HEAD" else verb) for verb in VERBS}
    return {verb: 405 if statuses is None else statuses[place] for verb, statuses in known.items()}
