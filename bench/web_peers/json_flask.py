"""Flask: a JSON view with a query parameter and three pairs of functions around it."""

from time import perf_counter

from flask import Flask, g, request

app = Flask(__name__)


@app.before_request
def knocking():
    if request.headers.get("X-Blocked"):
        return "no", 403
    return None


@app.before_request
def start():
    g.start = perf_counter()


@app.after_request
def timed(response):
    response.headers["X-Seconds"] = f"{perf_counter() - g.start:.6f}"
    return response


@app.after_request
def served_by(response):
    response.headers["X-Served-By"] = "bench"
    return response


@app.get("/items/<category>")
def items(category):
    page = request.args.get("page", 1, type=int)
    return {"category": category, "page": page}
