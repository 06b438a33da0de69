"""FastAPI: one routed view, `async def` since a plain one would go to a thread and cost more."""

from fastapi import FastAPI
from fastapi.responses import HTMLResponse

app = FastAPI()


@app.get("/hello/{name}", response_class=HTMLResponse)
async def hello(name: str) -> str:
    return f"Hello, {name}"
