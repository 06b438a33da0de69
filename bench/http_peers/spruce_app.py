"""Spruce: one routed view."""

from spruce import App

app = App(__name__)


@app.get("/hello/<name>")
def hello(name: str) -> str:
    return f"Hello, {name}"
