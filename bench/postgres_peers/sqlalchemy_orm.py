"""SQLAlchemy's ORM on asyncpg and asyncio's loop, a session for each operation as for each request."""

import asyncio

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from stock import serve_stock
from tables import Product, engine

loop = asyncio.new_event_loop()


async def get(keys):
    for key in keys:
        async with AsyncSession(engine) as session:
            found = await session.get_one(Product, key)
    return [found]


async def page(keys):
    for key in keys:
        query = select(Product).where(Product.category_id == key, Product.stock > 0)
        async with AsyncSession(engine) as session:
            found = (await session.scalars(query.order_by(Product.created.desc()).limit(100))).all()
    return [found]


serve_stock(lambda keys: loop.run_until_complete(get(keys)), lambda keys: loop.run_until_complete(page(keys)))
