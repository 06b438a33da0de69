"""A page of twenty rows by Django, with connections that stay open, without middleware."""

from pathlib import Path

import django
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.db import models
from django.shortcuts import render
from django.urls import path
from stock import SHOWN, parts_of_url

settings.configure(
    ALLOWED_HOSTS=["*"],
    DATABASES={"default": {"ENGINE": "django.db.backends.postgresql", "CONN_MAX_AGE": None, **parts_of_url()}},
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    ROOT_URLCONF=__name__,
    SECRET_KEY="bench",
    TEMPLATES=[
        {"BACKEND": "django.template.backends.django.DjangoTemplates", "DIRS": [Path(__file__).parent / "templates"]}
    ],
    USE_TZ=True,
)
django.setup()


class Category(models.Model):
    name = models.CharField(max_length=50)

    class Meta:
        app_label = "bench"
        db_table = "category"


class Product(models.Model):
    prod_name = models.CharField(max_length=80)
    price = models.DecimalField(max_digits=10, decimal_places=2)
    stock = models.IntegerField()
    created = models.DateTimeField()
    category = models.ForeignKey(Category, on_delete=models.CASCADE)
    maker_id = models.BigIntegerField()

    class Meta:
        app_label = "bench"
        db_table = "product"


def products(request):
    found = Product.objects.select_related("category").filter(stock__gt=0).order_by("-id")[:SHOWN]
    return render(request, "page.html", {"products": found})


urlpatterns = [path("products", products)]
app = get_wsgi_application()
