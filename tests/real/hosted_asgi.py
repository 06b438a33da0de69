"""A FastAPI and a Starlette application as their users write them; tests serve them unchanged."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated

from fastapi import (
    BackgroundTasks,
    Depends,
    FastAPI,
    File,
    Form,
    Header,
    HTTPException,
    UploadFile,
    WebSocket,
    WebSocketDisconnect,
)
from pydantic import BaseModel, Field
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, StreamingResponse
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles
from starlette.websockets import WebSocket as StarletteWebSocket

events: list[str] = []


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[dict[str, str]]:
    await asyncio.sleep(0)
    Path(f"started-{type(app).__name__}").touch()
    yield {"greeting": "hello"}
    await asyncio.sleep(0)
    Path(f"stopped-{type(app).__name__}").touch()


fastapi = FastAPI(lifespan=lifespan)


class Order(BaseModel):
    product: str
    count: int = Field(gt=0)


def connection() -> Iterator[str]:
    events.append("opened")
    yield "connection"
    events.append("closed")


async def user(authorization: Annotated[str | None, Header()] = None) -> str:
    if authorization is None:
        raise HTTPException(401, "Who are you?")
    return authorization


@fastapi.post("/orders/{shop}", status_code=201)
async def order(
    shop: int, order: Order, who: Annotated[str, Depends(user)], db: Annotated[str, Depends(connection)]
) -> dict[str, object]:
    return {"shop": shop, "order": order, "who": who, "db": db}


@fastapi.get("/events")
def told() -> list[str]:  # a plain function, which FastAPI calls in a thread
    return events


@fastapi.get("/later")
async def later(tasks: BackgroundTasks) -> str:
    async def work() -> None:
        await asyncio.sleep(0.01)
        events.append("worked")

    tasks.add_task(work)
    return "soon"


@fastapi.post("/upload")
async def upload(file: Annotated[UploadFile, File()], note: Annotated[str, Form()]) -> dict[str, object]:
    return {"name": file.filename, "size": len(await file.read()), "note": note}


@fastapi.get("/greeting")
async def greeting(request: Request) -> str:
    return str(request.state.greeting)


@fastapi.get("/where")
async def where(request: Request) -> dict[str, object]:
    return {"root": request.scope["root_path"], "url": str(request.url), "for": str(request.url_for("told"))}


@fastapi.websocket("/ws/{room}")
async def chat(websocket: WebSocket, room: str) -> None:
    if room == "closed":
        raise HTTPException(403)
    await websocket.accept(headers=[(b"x-room", room.encode())])
    try:
        while True:
            message = await websocket.receive_text()
            if message == "leave":
                await websocket.close(4001, "bye")
                return
            await websocket.send_text(f"{room}: {message}")
    except WebSocketDisconnect as end:
        events.append(f"left {end.code}")


async def home(request: Request) -> JSONResponse:
    return JSONResponse({"root": request.scope["root_path"], "url": str(request.url), "path": request.url.path})


async def stream(request: Request) -> StreamingResponse:
    async def pieces() -> AsyncIterator[str]:
        for number in range(3):
            yield f"{number}\n"
            await asyncio.sleep(0)

    return StreamingResponse(pieces(), media_type="text/plain")


async def size(request: Request) -> PlainTextResponse:
    return PlainTextResponse(str(sum([len(piece) async for piece in request.stream()])))


async def echo(websocket: StarletteWebSocket) -> None:
    await websocket.accept(subprotocol="v1")
    async for data in websocket.iter_bytes():
        await websocket.send_bytes(data[::-1])


starlette = Starlette(
    routes=[
        Route("/", home),
        Route("/stream", stream),
        Route("/size", size, methods=["PUT"]),
        WebSocketRoute("/ws", echo),
        Mount("/files", StaticFiles(directory=Path(__file__).parent)),
    ],
    middleware=[Middleware(GZipMiddleware, minimum_size=500)],
    lifespan=lifespan,
)
