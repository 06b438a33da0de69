"""Celery with Redis as its broker, and with its defaults but for one process, as the others have."""

import os
import sys

from celery import Celery
from nothing import enqueued, noted

app = Celery("celery_tasks", broker=os.environ["BENCH_URL"])
app.conf.update(task_ignore_result=True, broker_connection_retry_on_startup=True)


@app.task(name="nothing")
def nothing(sent: float, total: int, told: str) -> None:
    noted(sent, total, told)


if __name__ == "__main__":
    if sys.argv[1] == "worker":
        app.worker_main(["worker", "--concurrency=1", "--loglevel=error", "--without-gossip", "--without-mingle"])
    else:
        enqueued(nothing.delay)
