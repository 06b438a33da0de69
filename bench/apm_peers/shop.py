"""What the views of this comparison show: one category and ten of its products, from a table of fifty."""

import sqlite3

__all__ = ["fill"]


def fill(path: str) -> None:
    """Make the file of the database anew."""
    connection = sqlite3.connect(path)
    connection.executescript(
        "DROP TABLE IF EXISTS product; DROP TABLE IF EXISTS category;"
        "CREATE TABLE category (id INTEGER PRIMARY KEY, name TEXT NOT NULL);"
        "CREATE TABLE product (id INTEGER PRIMARY KEY, name TEXT NOT NULL, price INTEGER NOT NULL,"
        " category_id INTEGER NOT NULL REFERENCES category (id));"
        "CREATE INDEX product_category ON product (category_id);"
        "INSERT INTO category VALUES (1, 'Tools');"
    )
    connection.executemany(
        "INSERT INTO product VALUES (?, ?, ?, 1)", [(number, f"Tool {number}", number * 3) for number in range(1, 51)]
    )
    connection.commit()
    connection.close()
