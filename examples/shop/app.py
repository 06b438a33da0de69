"""Spruce Shop: a small shop in Chinese and English, with pages, a JSON API and a database.

`python app.py demo` makes the database, fills it and serves the shop; `spruce run app.py` serves it too.
"""

import argparse
from decimal import Decimal
from typing import Any

import language
import seed
from accounts import accounts, secret_key
from api import api
from models import Category
from office import office
from spruce import App, abort, render_template, request
from spruce.errors import HTTPException
from spruce.i18n import gettext as _
from spruce.middleware.csp import CSP
from views import pages

__all__ = ["create_app"]

# What its pages may load: nothing from elsewhere, no scripts, no frames around them.
POLICY = {
    "default-src": [CSP.NONE],
    "style-src": [CSP.SELF],
    "img-src": [CSP.SELF],
    "form-action": [CSP.SELF],
    "base-uri": [CSP.NONE],
    "frame-ancestors": [CSP.NONE],
}


def create_app(**settings: Any) -> App:
    """Make a shop that is ready to serve; settings such as DATABASES may be given as keywords."""
    app = App(
        __name__,
        SECURE_CSP=POLICY,
        MIDDLEWARE=["spruce.middleware.locale.LocaleMiddleware"],
        LANGUAGES=language.LANGUAGES,
        TIME_ZONE="Asia/Shanghai",
        INSTALLED_APPS=["spruce.auth", "spruce.admin"],
        ADMIN_URL_PREFIX="",  # the shop has a site of its own, in office.py
        AUTH_USER_MODEL="models.Customer",
        AUTH_REGISTRATION="confirm",
        LOGIN_REDIRECT_URL="account.orders",
        DEFAULT_FROM_EMAIL="Spruce Shop <shop@example.com>",
        **settings,
    )
    app.config["SECRET_KEY"] = app.config["SECRET_KEY"] or secret_key(app.instance_path)
    app.register_blueprint(pages)
    app.register_blueprint(accounts)
    app.register_blueprint(api)
    office.init_app(app)
    app.before_request(refuse_nul)
    app.before_request(language.choose)
    app.context_processor(page_context)
    app.errorhandler(HTTPException)(error_page)
    app.template_filter("money")(money)
    with app.app_context():
        seed.fill()
    return app


def refuse_nul() -> None:
    """The character NUL is in no text of people, and databases don't take it: whoever sends it tries something."""
    if any("\0" in text for text in (request.path, *request.args.values(), *request.form.values())):
        abort(400)


def page_context() -> dict[str, object]:
    """What every template may use."""
    return {
        "language": language.current(),
        "languages": language.LANGUAGES,
        "other_language": language.other(),
        "switch_url": language.switch_url(),
        "categories": Category.objects.all(),
    }


def error_page(error: HTTPException) -> tuple[Any, int, Any]:
    """An error in the shop's own style; as JSON below /api."""
    status = error.code or 500
    if request.path.startswith("/api/"):
        fields = getattr(error, "fields", {})
        return {"error": error.name.lower(), "detail": error.description, "fields": fields}, status, error.headers
    lost = status == 404
    page = render_template(
        "error.html",
        code=status,
        title=_("This page is not here") if lost else _("That didn't work"),
        text=_("The address may be mistyped, or the thing is no longer sold.")
        if lost
        else _("We couldn't do that: %(reason)s.", reason=_(error.name)),
    )
    return page, status, error.headers


def money(amount: Decimal) -> str:
    """An amount in yuan."""
    return f"¥{amount:,.2f}"


def is_superuser(asking: Any) -> bool:
    """Whether who asks may see what the viewer has recorded of requests."""
    return bool(asking.user.is_superuser)


def main() -> None:
    """Serve the shop on this machine."""
    parser = argparse.ArgumentParser(description="Spruce Shop, the demo of Spruce.")
    parser.add_argument("command", choices=["demo"], nargs="?", default="demo", help="make, fill and serve the shop")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    options = parser.parse_args()
    app = create_app(CACHES={"default": "memory://"}, VIEWER_AUTHORIZE=is_superuser)
    with app.app_context():
        seed.make_orders()
        password = seed.make_staff()
    address = f"http://{options.host}:{options.port}"
    print("Spruce Shop · 云杉小铺")
    print(f"  the shop     {address}/")
    print(f"  in Chinese   {address}/?lang=zh")
    print(f"  as JSON      {address}/api/products?q=panda")
    print(f"  an account   {address}/accounts/register/ (the mail with the link is shown here)")
    print(f"  the office   {address}/admin/ as {seed.STAFF}, with the password {password}")
    app.run(host=options.host, port=options.port)


if __name__ == "__main__":
    main()
