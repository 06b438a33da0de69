"""A library of books, ported from with_flask.py: other imports, another name for the class of the app."""

import csv
import io
import sqlite3
from datetime import date

import click

from spruce import (
    App,
    Blueprint,
    MethodView,
    Response,
    abort,
    current_app,
    flash,
    g,
    jsonify,
    make_response,
    redirect,
    render_template_string,
    request,
    session,
    stream_with_context,
    url_for,
)
from spruce.errors import NotFound
from spruce.web import BaseConverter

LAYOUT = """<!doctype html>
<title>{{ title }}</title>
<h1>{{ title }}</h1>
<nav><a href="{{ url_for('shelf.index') }}">Books</a>, {{ session.get("seen", []) | length }} of them seen</nav>
{% for category, message in get_flashed_messages(with_categories=true) %}
<p class="{{ category }}">{{ message }}</p>{% endfor %}
{% block content %}{{ content }}{% endblock %}
<footer>{{ library }}, {{ today | german }}</footer>
"""
LIST = """<ul>{% for book in books %}
<li><a href="{{ url_for('shelf.show', isbn=book.isbn) }}">{{ book.title }}</a></li>{% else %}<li>None.</li>{% endfor %}
</ul>"""


class IsbnConverter(BaseConverter):
    regex = "[0-9]{9}[0-9X]"

    def to_python(self, value):
        return value.upper()

    def to_url(self, value):
        return value.replace("-", "")


def database():
    if "database" not in g:
        g.database = sqlite3.connect(current_app.config["LIBRARY"])
        g.database.row_factory = sqlite3.Row
    return g.database


def books(where="", *values):
    return database().execute(f"SELECT isbn, title, year FROM book {where} ORDER BY title", values).fetchall()  # noqa: S608 - texts of this file


shelf = Blueprint("shelf", __name__, url_prefix="/books")


@shelf.route("/")
def index():
    found = books("WHERE title LIKE ?", f"%{request.args['q']}%") if request.args.get("q") else books()
    page = request.args.get("page", 1, type=int)
    content = render_template_string(LIST, books=found[(page - 1) * 2 : page * 2])
    return render_template_string(
        LAYOUT.replace("{{ content }}", "{{ content | safe }}"), title="Books", content=content
    )


@shelf.route("/<isbn:isbn>")
def show(isbn):
    found = books("WHERE isbn = ?", isbn)
    if not found:
        abort(404, f"No book has the number {isbn}.")
    session["seen"] = sorted({*session.get("seen", []), isbn})
    response = make_response(render_template_string(LAYOUT, title=found[0]["title"], content=found[0]["year"]))
    response.set_cookie("last", isbn, max_age=3600, httponly=True)
    return response


@shelf.route("/", methods=["POST"])
def add():
    form = request.form
    if not form.get("title"):
        return {"error": "A book needs a title."}, 422
    database().execute("INSERT INTO book VALUES (?, ?, ?)", (form["isbn"], form["title"], int(form.get("year", 2000))))
    database().commit()
    flash(f"{form['title']} is in the library now.", "done")
    return redirect(url_for(".show", isbn=form["isbn"]), code=303)


@shelf.route("/export.csv")
def export():
    def lines():
        for book in books():
            text = io.StringIO()
            csv.writer(text).writerow([book["isbn"], book["title"], request.args.get("mark", "")])
            yield text.getvalue()

    return Response(stream_with_context(lines()), mimetype="text/csv")


@shelf.before_request
def refuse_robots():
    if "robot" in request.headers.get("User-Agent", ""):
        return "No robots, please.", 403
    return None


class Api(MethodView):
    def get(self, isbn):
        found = books("WHERE isbn = ?", isbn)
        return jsonify(dict(found[0])) if found else (jsonify(error="unknown"), 404)

    def delete(self, isbn):
        count = database().execute("DELETE FROM book WHERE isbn = ?", (isbn,)).rowcount
        database().commit()
        return jsonify(deleted=count)


def create_app(library):
    app = App(__name__)
    app.config.from_mapping(LIBRARY=library, NAME="The library of Spruce")
    app.secret_key = "a long random text, from the environment in real life"  # noqa: S105 - of an example
    app.url_map.converters["isbn"] = IsbnConverter
    app.register_blueprint(shelf)
    app.add_url_rule("/api/books/<isbn:isbn>", view_func=Api.as_view("api"))

    @app.route("/")
    def home():
        return redirect(url_for("shelf.index"))

    @app.context_processor
    def names():
        return {"library": app.config["NAME"], "today": date(2024, 2, 29)}

    @app.template_filter()
    def german(day):
        return day.strftime("%d.%m.%Y")

    @app.errorhandler(NotFound)
    def missing(error):
        return render_template_string(LAYOUT, title="Not here", content=error.description), 404

    @app.after_request
    def mark(response):
        response.headers["X-Endpoint"] = request.endpoint or "none"
        return response

    @app.teardown_appcontext
    def close(error):
        if "database" in g:
            g.pop("database").close()

    @app.cli.command()
    def prepare():
        database().execute("CREATE TABLE book (isbn PRIMARY KEY, title, year INTEGER)")
        database().commit()
        click.echo("prepared")

    return app
