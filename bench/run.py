"""`make bench`: Spruce and its peers measured side by side, all tables and targets from one run."""

from __future__ import annotations

import argparse
import platform
import sqlite3
import sys
import time
from collections.abc import Callable

import admin_bench
import apm_bench
import bridge_bench
import cache_bench
import forms_bench
import green_bench
import hosting_bench
import http_bench
import orm_bench
import postgres_bench
import tasks_bench
import web_bench
from peers import install, versions

SECTIONS: dict[str, Callable[[int, bool], str]] = {
    "http": lambda rounds, quick: http_bench.report(rounds, 1),
    "hosting": lambda rounds, quick: hosting_bench.report(rounds, 0.3 if quick else 1, quick),
    "green": lambda rounds, quick: green_bench.report(rounds * 2, 0.03 if quick else 0.06),
    "bridge": lambda rounds, quick: bridge_bench.report(rounds, 0.03 if quick else 0.06, 10_000 if quick else 100_000),
    "web": lambda rounds, quick: web_bench.report(rounds, 1, 0.03 if quick else 0.06),
    "cache": lambda rounds, quick: cache_bench.report(rounds, 0.03 if quick else 0.06),
    "forms": lambda rounds, quick: forms_bench.report(rounds, 0.03 if quick else 0.06),
    "admin": lambda rounds, quick: admin_bench.report(rounds, 0.1 if quick else 0.3, 20_000 if quick else 1_000_000),
    "apm": lambda rounds, quick: apm_bench.report(rounds, 1),
    "tasks": lambda rounds, quick: tasks_bench.report(rounds, 500 if quick else 2000),
    "orm": lambda rounds, quick: orm_bench.report(rounds * 2, 0.03 if quick else 0.06),
    "postgres": lambda rounds, quick: postgres_bench.report(rounds, 1, 0.03 if quick else 0.06),
}
PEERS = (
    "granian",
    "uvicorn",
    "FastAPI",
    "Flask",
    "Django",
    "gunicorn",
    "gevent",
    "eventlet",
    "SQLAlchemy",
    "peewee",
    "asyncpg",
    "psycopg",
    "django-redis",
    "celery",
    "procrastinate",
    "elastic-apm",
)


def main() -> int:
    """Install what is missing, then measure and print section by section."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--only", choices=SECTIONS, action="append", help="measure this section only; may be given twice"
    )
    parser.add_argument(
        "--rounds",
        type=int,
        help="how often each server is driven (default 9, with --quick 3); the others twice as often",
    )
    parser.add_argument("--quick", action="store_true", help="few and short rounds, to see that everything works")
    args = parser.parse_args()
    rounds = args.rounds or (3 if args.quick else 9)
    install()
    started = time.monotonic()
    ours = f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, {platform.system()}"
    print(f"\n{ours}, {versions(*PEERS)}\n")
    for name in args.only or SECTIONS:
        print(f"{SECTIONS[name](rounds, args.quick)}\n", flush=True)
    print(f"{rounds} rounds in {time.monotonic() - started:.0f} s. What the figures mean: bench/README.md")
    return 0


if __name__ == "__main__":
    sys.exit(main())
