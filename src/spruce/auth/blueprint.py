"""The blueprint of the pages of accounts, and what they share: how one is shown, what is wrong, where to go on."""

from collections.abc import Callable
from typing import Any

from spruce import config
from spruce.auth.decorators import resolve_url
from spruce.http import Request, Response
from spruce.middleware.origins import url_has_allowed_host_and_scheme
from spruce.web import Blueprint, make_response, redirect, render_template, url_for

__all__ = ["form_page", "mailed", "next_page", "pages", "shown"]

pages = Blueprint("auth", __name__, template_folder=None)
_WRONG = 422
_THROTTLED = 429


def shown(template: str, status: int = 200, **values: Any) -> Response:
    """Return a page that nobody keeps."""
    response = make_response((render_template(f"auth/{template}.html", **values), status))
    response.headers["Cache-Control"] = "no-store"
    return response


def form_page(template: str, form: Any, **values: Any) -> Response:
    """Return a page with a form, and what is wrong with it."""
    seconds = getattr(form, "seconds", 0)
    status = _THROTTLED if seconds else _WRONG if form.is_bound else 200
    response = shown(template, status, form=form, **values)
    if seconds:
        response.headers["Retry-After"] = str(seconds)
    return response


def mailed(template: str, form: Any, send: Callable[[str], None]) -> Response:
    """Return a page that asks for an address; a valid one is told `send`, and the page `…_done` says so."""
    if not form.is_valid():
        return form_page(template, form)
    send(form.cleaned_data["email"])
    return redirect(url_for(f"auth.{template}_done"), 303)


def next_page(request: Request, setting: str = "") -> str:
    """Return where to go on: what `next` says, if that is a page of this site, else what a setting says, or ""."""
    wanted = request.form.get("next") or request.args.get("next") or ""
    if url_has_allowed_host_and_scheme(wanted, {request.host}, request.is_secure):
        return wanted
    default = config.current()[setting] if setting else ""
    return resolve_url(default) if default else ""
