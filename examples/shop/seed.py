"""Making the tables, and filling them: with products, and for the demo with orders and a user for the office."""

import json
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path
from secrets import token_urlsafe

from models import CANCELLED, NEW, PAID, SHIPPED, Category, Customer, Order, OrderLine, Product
from orders import new_number
from spruce import db

__all__ = ["STAFF", "fill", "make_orders", "make_staff"]

STAFF = "office@example.com"
DAYS = 90

PRODUCTS = Path(__file__).with_name("products.json")


def fill() -> None:
    """Make the tables that are missing, and put the products in if there are none. Doing it again changes nothing."""
    db.create_all()
    if Product.objects.exists():
        return
    data = json.loads(PRODUCTS.read_text(encoding="utf-8"))
    with db.atomic():
        if Category.objects.exists():  # another process was faster
            return
        shelves = {row["slug"]: Category.objects.create(**row) for row in data["categories"]}
        for row in data["products"]:
            Product.objects.create(**row | {"category": shelves[row["category"]]})


def make_orders(seed: int = 7) -> None:
    """Make three months of orders, more of them towards the end, unless there are any: a demo has something to show."""
    if Order.objects.exists():
        return
    chance = random.Random(seed)  # noqa: S311 - the same demo each time
    products = list(Product.objects.all())
    people = ["李雷", "韩梅梅", "Ada Lovelace", "Grace Hopper", "王小明", "Alan Turing", "林涛", "Mary Somerville"]
    orders, lines, moment = [], [], datetime.now(UTC)
    for day in range(DAYS):
        for _ in range(chance.randint(0, 9 if day < 30 else 5)):
            created = moment - timedelta(days=day, minutes=chance.randint(0, 900))
            status = chance.choice([NEW, NEW, PAID]) if day < 2 else chance.choice([SHIPPED] * 12 + [CANCELLED])
            name = chance.choice(people)
            order = Order(number=new_number(), status=status, name=name, contact="138 0013 8000", created=created)
            orders.append(order)
            for product in chance.sample(products, chance.choice([1, 1, 1, 2, 3])):
                lines.append((order, product, chance.choice([1, 1, 2])))
    with db.atomic():
        keys = {order.number: order for order in Order.objects.bulk_create(orders)}
        OrderLine.objects.bulk_create(
            [
                OrderLine(order=keys[order.number], product=product, quantity=quantity, price=product.price)
                for order, product, quantity in lines
            ]
        )


def make_staff() -> str:
    """Make the demo's user who may do everything in the office, or give them a new password; return that."""
    password = token_urlsafe(9)
    user = Customer.objects.filter(email=STAFF).first()
    if user is None:
        Customer.objects.create_superuser(STAFF, password)
    else:
        user.set_password(password)
        user.save()
    return password
