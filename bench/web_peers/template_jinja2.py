"""Jinja2 alone: the floor for a page of a hundred rows."""

import jinja2
from rows import FOLDER, ROWS, TITLE, serve_page

template = jinja2.Environment(loader=jinja2.FileSystemLoader(FOLDER), autoescape=True).get_template("rows.html")

serve_page(lambda: template.render(title=TITLE, rows=ROWS))
