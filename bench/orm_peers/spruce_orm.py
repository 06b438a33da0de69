"""Spruce's ORM, inside a green thread as a view is."""

from store import CATEGORIES, MAKERS, PATH, PRODUCTS, Store, serve_store

from spruce import App, db, green

app = App(__name__, DATABASES={"default": f"sqlite:///{PATH}"})


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


def fill() -> None:
    db.create_all()
    with db.atomic():
        for name in CATEGORIES:
            Category.objects.create(name=name)
        for name in MAKERS:
            Maker.objects.create(name=name)
        for product in PRODUCTS:
            Product.objects.create(**product)


store = Store(
    table=Product.__table__.name,
    get=lambda pk: Product.objects.get(pk=pk),
    page=lambda category: list(Product.objects.filter(category_id=category, stock__gt=0).order_by("-created")[:100]),
    joined=lambda stock: list(
        Product.objects.select_related("category", "maker").filter(stock__gte=stock).order_by("id")[:10]
    ),
    everything=Product.objects.all,
    create=lambda number: Product.objects.create(**PRODUCTS[number % len(PRODUCTS)]),
    update=lambda pk: Product.objects.filter(pk=pk).update(stock=db.F("stock") + 1),
)


def main() -> None:
    with app.app_context():
        fill()
        serve_store(store)


green.run(main)
