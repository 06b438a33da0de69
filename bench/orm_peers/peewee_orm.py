"""peewee."""

import peewee
from store import CATEGORIES, MAKERS, PATH, PRODUCTS, Store, serve_store

database = peewee.SqliteDatabase(PATH, pragmas={"journal_mode": "wal", "synchronous": "normal", "foreign_keys": 1})
NAIVE = [
    {**product, "created": product["created"].replace(tzinfo=None)} for product in PRODUCTS
]  # it keeps no time zone


class Table(peewee.Model):
    class Meta:
        database = database


class Category(Table):
    name = peewee.CharField(max_length=50)


class Maker(Table):
    name = peewee.CharField(max_length=50)


class Product(Table):
    prod_name = peewee.CharField(max_length=80)
    price = peewee.DecimalField(max_digits=10, decimal_places=2)
    stock = peewee.IntegerField()
    created = peewee.DateTimeField()
    category = peewee.ForeignKeyField(Category)
    maker = peewee.ForeignKeyField(Maker)


def page(category: int) -> list[Product]:
    query = Product.select().where(Product.category == category, Product.stock > 0)
    return list(query.order_by(Product.created.desc()).limit(100))


def joined(stock: int) -> list[Product]:
    query = Product.select(Product, Category, Maker).join(Category).switch(Product).join(Maker)
    return list(query.where(Product.stock >= stock).order_by(Product.id).limit(10))


database.connect()
database.create_tables([Category, Maker, Product])
with database.atomic():
    for name in CATEGORIES:
        Category.create(name=name)
    for name in MAKERS:
        Maker.create(name=name)
    for product in NAIVE:
        Product.create(**product)

serve_store(
    Store(
        table="product",
        get=Product.get_by_id,
        page=page,
        joined=joined,
        create=lambda number: Product.create(**NAIVE[number % len(NAIVE)]),
        update=lambda pk: Product.update(stock=Product.stock + 1).where(Product.id == pk).execute(),
    )
)
