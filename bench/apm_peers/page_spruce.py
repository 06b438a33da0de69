"""Spruce: two queries and a template; with COLLECTOR set, everything is recorded, sampled at 100 %, and sent there."""

import os
import tempfile
from pathlib import Path

from shop import fill
from spruce import App, db, render_template

database = Path(tempfile.mkdtemp(prefix="bench-apm-"), "shop.db")
fill(str(database))
collector = os.environ.get("COLLECTOR")
app = App(
    __name__,
    DATABASES={"default": f"sqlite:///{database}"},
    ELASTIC_APM={"SERVER_URL": collector, "SERVICE_NAME": "bench"} if collector else {},
)


class Category(db.Model):
    name = db.CharField(max_length=50)


class Product(db.Model):
    name = db.CharField(max_length=50)
    price = db.IntegerField()
    category = db.ForeignKey(Category, on_delete=db.CASCADE)


@app.get("/category/<int:number>")
def category(number: int):
    found = Category.objects.get(id=number)
    products = Product.objects.filter(category_id=number).order_by("id")[:10]
    return render_template("category.html", category=found, products=list(products))
