"""The same shop as JSON: products to read, orders to place and to read again."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

import catalogue
from models import Order, Product
from orders import MOST, BadOrder, NewOrder, OutOfStock, place
from spruce import Blueprint, Response, abort, url_for

__all__ = ["api"]

api = Blueprint("api", __name__, url_prefix="/api")

PROBLEMS = {
    "name": "Expected 1 to 60 characters",
    "contact": "Expected an e-mail address or a telephone number",
    "quantity": f"Expected a number from 1 to {MOST}",
    "product": "There is no such product",
}


@dataclass
class ProductOut:
    """A product as JSON."""

    id: int
    name_en: str
    name_zh: str
    description_en: str
    description_zh: str
    category: str
    price: Decimal
    stock: int


@dataclass
class ProductsOut:
    """A page of products as JSON."""

    products: list[ProductOut]
    page: int
    pages: int
    total: int


@dataclass
class OrderOut:
    """An order as JSON."""

    number: str
    product: int
    quantity: int
    price: Decimal
    total: Decimal
    name: str
    contact: str
    created: datetime


@api.get("/products")
def products(q: str = "", category: str = "", sort: str = "featured", page: int = 1, size: int = 24) -> ProductsOut:
    """Products by words, category and order, `size` a page and at most 100."""
    query = catalogue.find(q, category, sort).select_related("category")
    found = catalogue.page_of(query, page, min(max(1, size), 100))
    return ProductsOut([product_out(each) for each in found.items], found.number, found.pages, found.total)


@api.get("/products/<int:product_id>")
def product(product_id: int) -> ProductOut:
    """One product."""
    return product_out(Product.objects.select_related("category").filter(pk=product_id).first() or abort(404))


@api.post("/orders")
def create_order(order: NewOrder) -> tuple[OrderOut | Response | dict[str, object], int, dict[str, str]]:
    """Place an order: 201 with it, 409 when there is not enough in stock, 422 when it is not valid."""
    try:
        placed = place(order)
    except OutOfStock as error:
        return {"error": "out of stock", "left": error.left}, 409, {}
    except BadOrder as error:
        return invalid(error.fields), 422, {}
    except Product.DoesNotExist:
        return invalid(["product"]), 422, {}
    return order_out(placed), 201, {"Location": url_for("api.order", number=placed.number)}


@api.get("/orders/<number>")
def order(number: str) -> OrderOut:
    """One order, for whoever knows its number."""
    return order_out(Order.objects.filter(number=number.upper()).prefetch_related("lines").first() or abort(404))


def product_out(product: Product) -> ProductOut:
    """A product as it is shown in JSON."""
    return ProductOut(
        id=product.id,
        name_en=product.name_en,
        name_zh=product.name_zh,
        description_en=product.description_en,
        description_zh=product.description_zh,
        category=product.category.slug,
        price=product.price,
        stock=product.stock,
    )


def order_out(order: Order) -> OrderOut:
    """An order as it is shown in JSON; one that comes by this API, or the pages, has one line."""
    line = order.lines.all()[0]
    return OrderOut(
        number=order.number,
        product=line.product_id,
        quantity=line.quantity,
        price=line.price,
        total=order.total,
        name=order.name,
        contact=order.contact,
        created=order.created,
    )


def invalid(fields: list[str]) -> dict[str, object]:
    """The answer that names what is wrong with an order."""
    return {"error": "unprocessable entity", "fields": {field: PROBLEMS[field] for field in fields}}
