"""Django's ORM."""

import django
from django.conf import settings
from django.db import connection, models, transaction
from store import CATEGORIES, MAKERS, PATH, PRODUCTS, Store, serve_store

PRAGMAS = "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON"
settings.configure(
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": PATH, "OPTIONS": {"init_command": PRAGMAS}}},
    DEFAULT_AUTO_FIELD="django.db.models.AutoField",
    USE_TZ=True,
)
django.setup()


class Category(models.Model):
    name = models.CharField(max_length=50)

    class Meta:
        app_label = "bench"


class Maker(models.Model):
    name = models.CharField(max_length=50)

    class Meta:
        app_label = "bench"


class Product(models.Model):
    prod_name = models.CharField(max_length=80)
    price = models.DecimalField(max_digits=10, decimal_places=2)
    stock = models.IntegerField()
    created = models.DateTimeField()
    category = models.ForeignKey(Category, on_delete=models.CASCADE)
    maker = models.ForeignKey(Maker, on_delete=models.CASCADE)

    class Meta:
        app_label = "bench"


with connection.schema_editor() as editor:
    for model in (Category, Maker, Product):
        editor.create_model(model)
with transaction.atomic():
    for name in CATEGORIES:
        Category.objects.create(name=name)
    for name in MAKERS:
        Maker.objects.create(name=name)
    for product in PRODUCTS:
        Product.objects.create(**product)

serve_store(
    Store(
        table=Product._meta.db_table,
        get=lambda pk: Product.objects.get(pk=pk),
        page=lambda category: list(
            Product.objects.filter(category_id=category, stock__gt=0).order_by("-created")[:100]
        ),
        joined=lambda stock: list(
            Product.objects.select_related("category", "maker").filter(stock__gte=stock).order_by("id")[:10]
        ),
        everything=Product.objects.all,
        create=lambda number: Product.objects.create(**PRODUCTS[number % len(PRODUCTS)]),
        update=lambda pk: Product.objects.filter(pk=pk).update(stock=models.F("stock") + 1),
    )
)
