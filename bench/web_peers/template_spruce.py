"""Spruce: the page of a hundred rows, by render_template within a request."""

from rows import FOLDER, ROWS, TITLE, serve_page

from spruce import App, render_template

app = App(__name__, template_folder=str(FOLDER))

with app.test_request_context():
    serve_page(lambda: render_template("rows.html", title=TITLE, rows=ROWS))
