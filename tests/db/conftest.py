"""A small shop to query, in a database in memory that lives for one test."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from types import SimpleNamespace

import pytest

from spruce import config, db, events
from spruce.config import Settings
from spruce.db.databases import current


class Maker(db.Model):
    name = db.CharField(max_length=50)
    country = db.CharField(max_length=2, null=True)

    class Meta:
        db_table = "t_maker"
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class Category(db.Model):
    name = db.CharField(max_length=50, unique=True)
    parent = db.ForeignKey("self", on_delete=db.CASCADE, null=True, related_name="children")
    maker = db.ForeignKey(Maker, on_delete=db.PROTECT, null=True)

    class Meta:
        db_table = "t_category"

    def __str__(self) -> str:
        return self.name


class Product(db.Model):
    name = db.CharField(max_length=20)
    note = db.TextField(null=True)
    price = db.DecimalField(max_digits=8, decimal_places=2)
    cost = db.DecimalField(max_digits=12, decimal_places=4, null=True)
    stock = db.IntegerField(null=True, default=0)
    weight = db.FloatField(null=True)
    active = db.BooleanField(default=True)
    category = db.ForeignKey(Category, on_delete=db.CASCADE, null=True, related_name="products")
    day = db.DateField(null=True)
    moment = db.DateTimeField(null=True)

    class Meta:
        db_table = "t_product"
        ordering = ("id",)

    def __str__(self) -> str:
        return self.name


SERVERS = {"postgresql": "postgres", "psycopg": "psycopg", "mariadb": "mariadb"}
"""The fixture that gives the URL of a database, by its kind."""
EMPTYING = {
    "postgresql": ["DROP SCHEMA public CASCADE; CREATE SCHEMA public"],
    "psycopg": ["DROP SCHEMA public CASCADE; CREATE SCHEMA public"],
    "mariadb": ["DROP DATABASE shop", "CREATE DATABASE shop"],
}


PSYCOPG = ("test_arrays", "test_bulk", "test_ranges", "test_storing", "test_streaming", "test_transactions")
"""The files whose tests run by psycopg each time; the others do in the long tests."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """What queries the shop is tested on each database, unless it is about one of them."""
    if "shop" in metafunc.fixturenames and not any(
        each.name == "sqlite" for each in metafunc.definition.iter_markers()
    ):
        kinds = getattr(metafunc.module, "BACKENDS", ["sqlite", "postgresql", "psycopg", "mariadb"])
        quick = metafunc.module.__name__.rpartition(".")[2] in PSYCOPG
        rare = pytest.param("psycopg", marks=() if quick else pytest.mark.soak)
        metafunc.parametrize("backend", [rare if kind == "psycopg" else kind for kind in kinds], indirect=True)


@pytest.fixture(scope="session")
def psycopg(postgres: str) -> str:
    """The URL of the same database, for the other driver."""
    return postgres.replace("postgresql://", "postgresql+psycopg://")


@pytest.fixture
def backend(request: pytest.FixtureRequest) -> str:
    """The kind of the database."""
    return getattr(request, "param", "sqlite")


@pytest.fixture
def database_url(backend: str, request: pytest.FixtureRequest) -> str:
    """An empty database."""
    return str(request.getfixturevalue(SERVERS[backend])) if backend in SERVERS else "sqlite://"


@pytest.fixture(autouse=True)
def settings(database_url: str, backend: str, request: pytest.FixtureRequest) -> Iterator[Settings]:
    """Settings with an empty database, for this test only, and models that the test's file keeps to itself."""
    private = {model._meta.db_table: model for model in getattr(request.module, "PRIVATE", ())}
    db.registry.models |= private
    before = config.current()
    settings = Settings(DATABASES={"default": database_url})
    config.install(settings)
    yield settings
    config.install(settings)  # an app of the test may have installed its own
    if database_url != "sqlite://":
        db.configure(DATABASES=database_url)
        for sql in EMPTYING[backend]:
            current()["default"].driver.change(sql, ())
    db.configure(DATABASES={})
    config.install(before)
    for name in private:
        del db.registry.models[name]


@pytest.fixture
def shop(request: pytest.FixtureRequest) -> SimpleNamespace:
    """The models, with their tables made, and those of what the test's file declares or what points to them."""
    own = [model for model in db.registry.models.values() if model.__module__ == request.module.__name__]
    pointing = [field.model for model in (Maker, Category) for field in model._meta.pointing]
    db.create_all(models=dict.fromkeys([Maker, Category, Product, *pointing, *own]))
    return SimpleNamespace(Maker=Maker, Category=Category, Product=Product)


@pytest.fixture
def stocked(shop: SimpleNamespace) -> SimpleNamespace:
    """The models with some rows: names tell them apart."""
    steiff = Maker.objects.create(name="Steiff", country="DE")
    nobody = Maker.objects.create(name="Nobody")
    shop.toys = Category.objects.create(name="toys", maker=steiff)
    shop.bears = Category.objects.create(name="bears", parent=shop.toys, maker=nobody)
    shop.steiff = steiff
    rows = [
        ("bear", "19.90", 5, shop.bears, date(2024, 1, 31), datetime(2024, 1, 31, 23, 30, tzinfo=UTC)),
        ("熊猫公仔", "29.00", None, shop.bears, date(2024, 2, 1), datetime(2023, 5, 1, 8, tzinfo=UTC)),
        ("car", "5.00", 0, shop.toys, None, None),
        ("box", "1.50", 7, None, date(2023, 2, 1), None),
    ]
    for name, price, stock, category, day, moment in rows:
        Product.objects.create(name=name, price=Decimal(price), stock=stock, category=category, day=day, moment=moment)
    return shop


@pytest.fixture
def queries() -> Iterator[list[str]]:
    """The SQL of each statement that runs during the test."""
    seen: list[str] = []
    leave = events.db_query.subscribe(lambda event: seen.append(str(event["sql"])))
    yield seen
    leave()
