"""The floor: sqlite3 with SQL by hand, rows as tuples, prices and times as the text that is stored."""

import sqlite3
from types import SimpleNamespace
from typing import Any

from store import CATEGORIES, MAKERS, PATH, PRODUCTS, Store, configure, price, serve_store, when

connection = sqlite3.connect(PATH, isolation_level=None)
configure(connection)
connection.executescript("""
    CREATE TABLE category (id INTEGER PRIMARY KEY, name VARCHAR(50) NOT NULL);
    CREATE TABLE maker (id INTEGER PRIMARY KEY, name VARCHAR(50) NOT NULL);
    CREATE TABLE product (
        id INTEGER PRIMARY KEY,
        prod_name VARCHAR(80) NOT NULL,
        price TEXT NOT NULL,
        stock INTEGER NOT NULL,
        created TEXT NOT NULL,
        category_id INTEGER NOT NULL REFERENCES category,
        maker_id INTEGER NOT NULL REFERENCES maker
    );
    CREATE INDEX product_category ON product (category_id);
    CREATE INDEX product_maker ON product (maker_id);
""")

COLUMNS = "p.id, p.prod_name, p.price, p.stock, p.created, p.category_id, p.maker_id"
GET = f"SELECT {COLUMNS} FROM product p WHERE p.id = ?"
PAGE = f"SELECT {COLUMNS} FROM product p WHERE p.category_id = ? AND p.stock > ? ORDER BY p.created DESC LIMIT 100"
JOINED = f"""
    SELECT {COLUMNS}, category.id, category.name, maker.id, maker.name FROM product p
    JOIN category ON category.id = p.category_id JOIN maker ON maker.id = p.maker_id
    WHERE p.stock >= ? ORDER BY p.id LIMIT 10
"""
CREATE = """
    INSERT INTO product (prod_name, price, stock, created, category_id, maker_id)
    VALUES (?, ?, ?, ?, ?, ?) RETURNING id
"""
UPDATE = "UPDATE product SET stock = stock + 1 WHERE id = ?"
ROWS = [
    (each["prod_name"], str(each["price"]), each["stock"], str(each["created"]), each["category_id"], each["maker_id"])
    for each in PRODUCTS
]


def run(sql: str, *parameters: Any) -> list[Any]:
    return connection.execute(sql, parameters).fetchall()


def plain(row: tuple[Any, ...]) -> list[Any]:
    return [*row[:2], price(row[2]), row[3], when(row[4]), *row[5:7]]


connection.execute("BEGIN")
connection.executemany("INSERT INTO category (name) VALUES (?)", [(name,) for name in CATEGORIES])
connection.executemany("INSERT INTO maker (name) VALUES (?)", [(name,) for name in MAKERS])
for values in ROWS:
    run(CREATE, *values)
connection.execute("COMMIT")

serve_store(
    Store(
        table="product",
        get=lambda pk: run(GET, pk)[0],
        page=lambda category: run(PAGE, category, 0),
        joined=lambda stock: run(JOINED, stock),
        create=lambda number: SimpleNamespace(id=run(CREATE, *ROWS[number % len(ROWS)])[0][0]),
        update=lambda pk: connection.execute(UPDATE, (pk,)),
        plain=plain,
        names=lambda row: [row[8], row[10]],
    )
)
