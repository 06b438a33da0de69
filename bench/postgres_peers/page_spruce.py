"""A page of twenty rows by Spruce."""

import os

from stock import SHOWN

from spruce import App, db, render_template

app = App(__name__, DATABASES={"default": os.environ["BENCH_DATABASE"]})


class Category(db.Model):
    name = db.CharField(max_length=50)


class Maker(db.Model):
    name = db.CharField(max_length=50)


class Product(db.Model):
    prod_name = db.CharField(max_length=80)
    price = db.DecimalField(max_digits=10, decimal_places=2)
    stock = db.IntegerField()
    created = db.DateTimeField()
    category = db.ForeignKey(Category, on_delete=db.CASCADE)
    maker = db.ForeignKey(Maker, on_delete=db.CASCADE)


@app.get("/products")
def products() -> str:
    found = Product.objects.select_related("category").filter(stock__gt=0).order_by("-id")[:SHOWN]
    return render_template("page.html", products=found)
