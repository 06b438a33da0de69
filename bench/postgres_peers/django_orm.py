"""Django's ORM on psycopg 3."""

import django
from django.conf import settings
from django.db import models
from stock import parts_of_url, serve_stock

settings.configure(
    DATABASES={"default": {"ENGINE": "django.db.backends.postgresql", **parts_of_url()}},
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    USE_TZ=True,
)
django.setup()


class Category(models.Model):
    name = models.CharField(max_length=50)

    class Meta:
        app_label = "bench"
        db_table = "category"


class Maker(models.Model):
    name = models.CharField(max_length=50)

    class Meta:
        app_label = "bench"
        db_table = "maker"


class Product(models.Model):
    prod_name = models.CharField(max_length=80)
    price = models.DecimalField(max_digits=10, decimal_places=2)
    stock = models.IntegerField()
    created = models.DateTimeField()
    category = models.ForeignKey(Category, on_delete=models.CASCADE)
    maker = models.ForeignKey(Maker, on_delete=models.CASCADE)

    class Meta:
        app_label = "bench"
        db_table = "product"


def get(keys):
    for key in keys:
        found = Product.objects.get(pk=key)
    return [found]


def page(keys):
    for key in keys:
        found = list(Product.objects.filter(category_id=key, stock__gt=0).order_by("-created")[:100])
    return [found]


serve_stock(get, page)
