"""A page of twenty rows by FastAPI, with SQLAlchemy's asynchronous ORM and Jinja2."""

from pathlib import Path

from fastapi import FastAPI, Request
from fastapi.templating import Jinja2Templates
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload
from starlette.responses import Response
from stock import SHOWN
from tables import Product, engine

app = FastAPI()
templates = Jinja2Templates(directory=Path(__file__).parent / "templates")
templates.env.keep_trailing_newline = True


@app.get("/products")
async def products(request: Request) -> Response:
    query = select(Product).options(joinedload(Product.category, innerjoin=True)).where(Product.stock > 0)
    async with AsyncSession(engine) as session:
        found = (await session.scalars(query.order_by(Product.id.desc()).limit(SHOWN))).all()
    return templates.TemplateResponse(request, "page.html", {"products": found})
