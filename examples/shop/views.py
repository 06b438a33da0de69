"""The pages: the catalogue, a product with its order form, and the thanks after an order."""

import catalogue as shelves
from language import PROBLEMS, address
from language import SORTS as SORT_NAMES
from models import Category, Order, Product
from orders import MOST, BadOrder, NewOrder, OutOfStock, place
from spruce import Blueprint, Request, Response, abort, redirect, render_template, url_for
from spruce.auth import current_user
from spruce.i18n import gettext as _
from spruce.storage import default_storage
from spruce.web import send_from_directory

__all__ = ["pages"]

pages = Blueprint("pages", __name__)


@pages.get("/")
def catalogue(q: str = "", category: str = "", sort: str = "featured", page: int = 1) -> str:
    """All products, those of a category, or those that were searched for."""
    q = q.strip()[:80]
    shelf = Category.objects.filter(slug=category).first() or abort(404) if category else None
    found = shelves.page_of(shelves.find(q, category, sort), page)
    front = not q and not category and found.number == 1 and sort == "featured"
    return render_template(
        "catalogue.html",
        q=q,
        category=shelf,
        everything=not q and shelf is None,
        sort=sort if sort in shelves.SORTS else "featured",
        sorts=SORT_NAMES,
        page=found,
        highlights=found.items[:6] if front else [],
        address=address,
    )


@pages.get("/products/<int:product_id>")
def product(product_id: int) -> str:
    """One product and the form that orders it."""
    known = {"name": current_user.full_name, "contact": current_user.email} if current_user.is_authenticated else {}
    return show(find_product(product_id), {"quantity": "1", **known}, {})


@pages.post("/products/<int:product_id>")
def order(product_id: int, request: Request) -> Response | tuple[str, int]:
    """Place an order; when that cannot be, show the form again with what was typed and what is wrong."""
    chosen, form = find_product(product_id), request.form
    values = {name: form.get(name, "") for name in ("name", "contact", "quantity")}
    quantity = values["quantity"].strip()
    wanted = NewOrder(product_id, values["name"], values["contact"], int(quantity) if quantity.isdecimal() else 0)
    try:
        placed = place(wanted, request.user if request.user.is_authenticated else None)
    except BadOrder as error:
        return show(chosen, values, {name: str(PROBLEMS[name] % {"most": MOST}) for name in error.fields}), 422
    except OutOfStock as error:
        problem = (
            _("There are only %(left)s left; please order fewer.", left=error.left)
            if error.left
            else _("Somebody was faster: it has just sold out.")
        )
        return show(find_product(product_id), values, {"stock": problem}), 409
    return redirect(url_for("pages.thanks", number=placed.number), 303)


@pages.get("/orders/<number>")
def thanks(number: str) -> str:
    """What was ordered, for whoever knows the number."""
    order = Order.objects.prefetch_related("lines__product").filter(number=number.upper()).first() or abort(404)
    return render_template("thanks.html", order=order)


@pages.get("/media/<path:name>")
def media(name: str) -> Response:
    """An image of a product, as it was uploaded in the office."""
    return send_from_directory(default_storage.location, name, max_age=3600)


def find_product(product_id: int) -> Product:
    """The product with this id, or the 404 page."""
    return Product.objects.select_related("category").filter(pk=product_id).first() or abort(404)


def show(product: Product, values: dict[str, str], problems: dict[str, str]) -> str:
    """The page of a product, with what is typed into its form and what is wrong with it."""
    shelf = shelves.find(category=product.category.slug)
    related = list(shelf.filter(id__gt=product.id)[:4]) or list(shelf.exclude(pk=product.id)[:4])
    return render_template(
        "product.html",
        product=product,
        category=product.category,
        related=related,
        values=values,
        problems=problems,
        most=MOST,
    )
