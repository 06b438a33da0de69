"""What customers have: their orders in one list. Pages to log in, register and so on come with spruce.auth."""

import os
import secrets
from pathlib import Path

from models import Order
from spruce import Blueprint, Request, render_template
from spruce.auth import login_required

__all__ = ["accounts", "secret_key"]

accounts = Blueprint("account", __name__)


@accounts.get("/account")
@login_required
def orders(request: Request) -> str:
    """The orders of who is logged in, the latest first."""
    mine = Order.objects.filter(customer=request.user).prefetch_related("lines__product")
    return render_template("account.html", orders=list(mine[:100]))


def secret_key(folder: str) -> str:
    """The key of this demo, made once. In production it comes from the environment: SPRUCE_SECRET_KEY."""
    path = Path(folder, "secret_key")
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(48))
    except FileExistsError:
        pass  # made before, or by another process just now
    return path.read_text()
