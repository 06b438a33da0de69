"""FastAPI: the same with its three middleware written for ASGI itself, which is much work and much faster."""

from time import perf_counter

from fastapi import FastAPI
from starlette.datastructures import MutableHeaders
from starlette.responses import PlainTextResponse


class Knocking:
    def __init__(self, app):
        self.app = app

    async def __call__(self, scope, receive, send):
        if any(name == b"x-blocked" for name, _ in scope["headers"]):
            await PlainTextResponse("no", 403)(scope, receive, send)
            return
        await self.app(scope, receive, send)


class Timed:
    def __init__(self, app):
        self.app = app

    async def __call__(self, scope, receive, send):
        start = perf_counter()

        async def send_timed(message):
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)["X-Seconds"] = f"{perf_counter() - start:.6f}"
            await send(message)

        await self.app(scope, receive, send_timed)


class ServedBy:
    def __init__(self, app):
        self.app = app

    async def __call__(self, scope, receive, send):
        async def send_named(message):
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)["X-Served-By"] = "bench"
            await send(message)

        await self.app(scope, receive, send_named)


api = FastAPI()


@api.get("/items/{category}")
async def items(category: str, page: int = 1) -> dict[str, object]:
    return {"category": category, "page": page}


async def with_lifespan(scope, receive, send):
    if scope["type"] == "http":
        await ServedBy(Timed(Knocking(api)))(scope, receive, send)
    else:
        await api(scope, receive, send)


app = with_lifespan
