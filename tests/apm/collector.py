"""A collector to send to: a real server on a free port, which keeps what it gets and answers as told."""

import gzip
import json
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Collector:
    """What was posted, as paths, headers and bodies, and asked for; `status` is what it answers."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.requests: list[tuple[str, dict[str, str], bytes]] = []
        self.status = 202
        self.answer = b"{}"
        self.thawed = threading.Event()
        self.thawed.set()
        self.came = threading.Semaphore(0)
        self.asked: list[str] = []
        collector = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if self.headers["Content-Encoding"] == "gzip":
                    body = gzip.decompress(body)
                collector.requests.append((self.path, dict(self.headers), body))
                collector.came.release()
                collector.thawed.wait()
                self.send_response(collector.status)
                self.send_header("Content-Length", str(len(collector.answer)))
                self.end_headers()
                self.wfile.write(collector.answer)

            def do_GET(self) -> None:
                collector.asked.append(self.path)
                self.send_response(404)  # there is no central configuration
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *args: Any) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        if tls is not None:
            self.server.socket = tls.wrap_socket(self.server.socket, server_side=True)
        self.url = f"{'http' if tls is None else 'https'}://localhost:{self.server.server_port}"

    @property
    def events(self) -> list[tuple[str, dict[str, Any]]]:
        """The events of all requests, each with its kind."""
        lines = [line for _, _, body in self.requests for line in body.splitlines()]
        return [next(iter(json.loads(line).items())) for line in lines]

    def of(self, kind: str) -> list[dict[str, Any]]:
        """The events of one kind."""
        return [event for found, event in self.events if found == kind]


@contextmanager
def collecting(tls: ssl.SSLContext | None = None) -> Iterator[Collector]:
    """Run a collector while the block runs."""
    collector = Collector(tls)
    thread = threading.Thread(target=collector.server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield collector
    finally:
        collector.thawed.set()
        collector.server.shutdown()
        collector.server.server_close()
        thread.join()
