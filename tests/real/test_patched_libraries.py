"""Blocking libraries in patched programs: many slow calls take the time of one, in processes of their own."""

import subprocess
import sys
from pathlib import Path

import pytest
from tests.real.redisprogram import redis_program

PROGRAMS = Path(__file__).with_name("patched_libraries.py")
LAUNCHER = f"""
from spruce.patching import monkey_patch
monkey_patch()
import runpy
runpy.run_path({str(PROGRAMS)!r}, run_name="__main__")
"""


@pytest.mark.parametrize(
    "name",
    [
        "requests_over_tls",
        "urllib3_pool",
        "botocore_client",
        "redis_client",
        "psycopg2_driver",
        "psycopg_driver",
        "smtp",
        "subprocesses",
        "loggers",
        "scheduler",
    ],
)
def test_slow_calls_overlap(name: str) -> None:
    """What answers them waits until all have come."""
    run(name, *([redis_program()] if name == "redis_client" else []))


def test_slow_queries_overlap_in_mariadb(mariadb: str) -> None:
    """By PyMySQL, which is written in Python."""
    run("pymysql_driver", mariadb)


def run(name: str, *arguments: str) -> None:
    """Run a program in a patched process; it ends well."""
    command = [sys.executable, "-c", LAUNCHER, name, *arguments]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=100)
    assert (ended.returncode, ended.stdout) == (0, f"{name} ended\n"), ended.stderr
