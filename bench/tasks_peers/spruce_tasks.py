"""Spruce: `spruce worker`, with jobs in a database."""

import os
import sys

from nothing import enqueued, noted

from spruce import App, task

app = App(__name__, static_folder=None, DATABASES={"default": os.environ["BENCH_URL"]})


@task
def nothing(sent: float, total: int, told: str) -> None:
    noted(sent, total, told)


if __name__ == "__main__":
    if sys.argv[1] == "worker":
        from spruce.cli.main import main

        main(["worker", __file__, "--processes", "0"])
    from spruce import config

    config.install(app.config)
    enqueued(nothing.enqueue)
