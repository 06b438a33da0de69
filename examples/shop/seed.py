"""Making the tables, and filling them from products.json when they are empty."""

import json
from pathlib import Path

from models import Category, Product
from spruce import db

__all__ = ["fill"]

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
