"""Spruce's ORM, inside a green thread as a view is."""

from stock import URL, serve_stock

from spruce import App, db, green

app = App(__name__, DATABASES={"default": URL})


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


def get(keys):
    for key in keys:
        found = Product.objects.get(pk=key)
    return [found]


def page(keys):
    for key in keys:
        found = list(Product.objects.filter(category_id=key, stock__gt=0).order_by("-created")[:100])
    return [found]


def main() -> None:
    with app.app_context():
        serve_stock(get, page)


green.run(main)
