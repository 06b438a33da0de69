"""Spruce's admin, within a green thread, with its usual middleware."""

import sqlite3
from pathlib import Path
from urllib.parse import urlencode

from warehouse import FOLDER, PASSWORD, SIZES, declare, fill, serve_admin

from spruce import App, admin, db, green
from spruce.auth import get_user_model
from spruce.events import db_query

declare(db, admin)


def made(size, number):
    path = Path(FOLDER, f"{size}.db")
    app = App(
        f"app_{size}",
        INSTALLED_APPS=["spruce.auth", "spruce.admin"],
        SECRET_KEY="k" * 50,
        INSTANCE_PATH=FOLDER,
        DATABASES={"default": f"sqlite:///{path}"},
    )
    with app.app_context():
        db.create_all()
        with sqlite3.connect(path) as connection:
            fill(connection, "warehouse_product", "warehouse_maker", number)
        connection.close()
        get_user_model().objects.create_superuser("root", "root@example.com", PASSWORD)
    return app


def log_in(browser):
    return browser.ask("/accounts/login/", urlencode({"username": "root", "password": PASSWORD}).encode())


def queries(call):
    seen = []
    leave = db_query.subscribe(lambda event: seen.append(event["sql"]))
    call()
    leave()
    return len(seen)


def main():
    apps = {size: made(size, number) for size, number in SIZES.items()}
    serve_admin(apps, dict.fromkeys(SIZES, "/admin/warehouse/product/"), log_in, queries)


green.run(main)
