"""Procrastinate on PostgreSQL; what is enqueued is so from plain code, as a Django view would."""

import asyncio
import os
import sys

from nothing import enqueued, noted
from procrastinate import App, PsycopgConnector, SyncPsycopgConnector

app = App(connector=PsycopgConnector(conninfo=os.environ["BENCH_URL"]))


@app.task(name="nothing")
async def nothing(sent: float, total: int, told: str) -> None:
    noted(sent, total, told)


async def work() -> None:
    """Run jobs for ever, as many at one time as the others."""
    async with app.open_async():
        if not await app.check_connection_async():
            await app.schema_manager.apply_schema_async()
        await app.run_worker_async(concurrency=20, install_signal_handlers=False)


if __name__ == "__main__":
    if sys.argv[1] == "worker":
        asyncio.run(work())
    else:
        plain = App(connector=SyncPsycopgConnector(conninfo=os.environ["BENCH_URL"]))
        with plain.open():
            task = plain.configure_task("nothing")
            enqueued(lambda sent, total, told: task.defer(sent=sent, total=total, told=told))
