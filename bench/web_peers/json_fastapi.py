"""FastAPI: a JSON view with a typed query parameter and three middleware, as its documentation writes them."""

from time import perf_counter

from fastapi import FastAPI
from starlette.responses import PlainTextResponse

app = FastAPI()


@app.middleware("http")
async def knocking(request, call_next):
    if request.headers.get("x-blocked"):
        return PlainTextResponse("no", 403)
    return await call_next(request)


@app.middleware("http")
async def timed(request, call_next):
    start = perf_counter()
    response = await call_next(request)
    response.headers["X-Seconds"] = f"{perf_counter() - start:.6f}"
    return response


@app.middleware("http")
async def served_by(request, call_next):
    response = await call_next(request)
    response.headers["X-Served-By"] = "bench"
    return response


@app.get("/items/{category}")
async def items(category: str, page: int = 1) -> dict[str, object]:
    return {"category": category, "page": page}
