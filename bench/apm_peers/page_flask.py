"""Flask with sqlite3: the same two queries and template; with COLLECTOR set, elastic-apm records all of it."""

import os
import sqlite3
import tempfile
from pathlib import Path

from flask import Flask, render_template

from shop import fill

database = Path(tempfile.mkdtemp(prefix="bench-apm-"), "shop.db")
fill(str(database))
app = Flask(__name__)
if collector := os.environ.get("COLLECTOR"):
    from elasticapm.contrib.flask import ElasticAPM

    app.config["ELASTIC_APM"] = {"SERVER_URL": collector, "SERVICE_NAME": "bench", "CLOUD_PROVIDER": "none"}
    ElasticAPM(app)
connection = sqlite3.connect(str(database), check_same_thread=False)


@app.get("/category/<int:number>")
def category(number: int):
    name = connection.execute("SELECT id, name FROM category WHERE id = ?", (number,)).fetchone()[1]
    rows = connection.execute(
        "SELECT id, name, price FROM product WHERE category_id = ? ORDER BY id LIMIT 10", (number,)
    ).fetchall()
    products = [{"id": row[0], "name": row[1], "price": row[2]} for row in rows]
    return render_template("category.html", category={"name": name}, products=products)
