"""Flask: one routed view."""

from flask import Flask

app = Flask(__name__)


@app.get("/hello/<name>")
def hello(name: str) -> str:
    return f"Hello, {name}"
