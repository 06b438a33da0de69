"""A Spruce app under servers of others: WSGI under gunicorn and granian; ASGI under uvicorn, hypercorn and granian."""

import hashlib
import json
import os
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from tests.real.conftest import Served
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

PROGRAM = """
    import asyncio
    import hashlib
    import os
    import time
    from pathlib import Path

    from spruce import App, db, green
    from spruce.web import Blueprint, WebSocket, request

    app = App(__name__, DATABASES={"default": "sqlite:///guest.db?timeout=20"})
    met = []
    jobs = []


    class Visit(db.Model):
        name = db.CharField(max_length=20)


    with app.app_context():
        db.create_all()


    @app.get("/hello/<name>")
    def hello(name: str, times: int = 1):
        return {"hello": [name] * times, "url": request.url, "peer": request.remote_addr, "root": request.root_path}


    @app.get("/waits")
    def waits():
        async def later():
            await asyncio.sleep(0.001)
            return "awaited"

        threads = [green.spawn(lambda number=number: green.sleep(0.001) or number) for number in range(3)]
        return {"spawned": [thread.wait() for thread in threads], "awaited": green.await_(later())}


    @app.get("/async")
    async def view():
        await asyncio.sleep(0.001)
        return "async"


    @app.get("/thread", thread=True)
    def blocks():
        time.sleep(0.001)
        return "blocked"


    @app.get("/meet")
    def meet():
        met.append(request.args["who"])
        while len(met) < 2:
            green.sleep(0.01)
        return sorted(met)


    @app.get("/later")
    def later():
        def work():
            green.sleep(0.05)
            jobs.append(os.getpid())

        green.spawn_detached(work)
        return "soon"


    @app.get("/jobs")
    def count():
        return {"jobs": len(jobs)}


    @app.post("/visits")
    def visit():
        with db.atomic():
            Visit.objects.create(name=request.form["name"])
        return {"visits": Visit.objects.count()}, 201


    @app.post("/upload")
    def upload():
        digest, pieces = hashlib.sha256(), 0
        while piece := request.stream.read(65536):
            digest.update(piece)
            pieces += 1
        return {"digest": digest.hexdigest(), "pieces": pieces}


    @app.get("/download")
    def download():
        return (b"x" * 65536 for _ in range(64))


    @app.get("/steps")
    def steps():
        yield "one"
        Path("one").touch()
        while not os.path.exists("two"):
            green.sleep(0.01)
        yield "two"


    @app.get("/endless")
    def endless():
        try:
            while True:
                yield b"tick" * 1000
                green.sleep(0.01)
        finally:
            Path("left").touch()


    @app.get("/slow")
    def slow():
        Path("begun").touch()
        while not os.path.exists("go"):
            green.sleep(0.01)
        return "done"


    @app.get("/broken")
    def broken():
        return 1 / 0


    @app.websocket("/ws/<room>")
    def chat(ws: WebSocket, room: str):
        ws.send(f"welcome to {room}")
        for message in ws:
            if message == "leave":
                ws.close(4001, "bye")
                break
            ws.send(message)
        Path(f"closed-{ws.close_code}").touch()


    @app.websocket("/push")
    def push(ws: WebSocket):
        try:
            while True:
                ws.send("tick")
                green.sleep(0.01)
        finally:
            Path("pushed").touch()


    @app.websocket("/private", origins=["https://shop.example"], subprotocols=["v2", "v1"])
    def private(ws: WebSocket):
        ws.send(str(ws.subprotocol))


    @app.websocket("/failing")
    def failing(ws: WebSocket):
        raise ZeroDivisionError


    class Door:
        def startup(self):
            green.sleep(0.001)
            Path("started").touch()

        def shutdown(self):
            green.sleep(0.001)
            Path("stopped").touch()

        def __call__(self, request):
            from spruce.http import Response

            return Response(f"door at {request.root_path}, {request.path}", content_type="text/plain")


    app.mount("/door", Door())
    asgi = app.asgi
"""

GUNICORN = ["-m", "gunicorn", "--bind", "127.0.0.1:0", "--graceful-timeout", "20"]
UVICORN = ["-m", "uvicorn", "--port", "0", "--timeout-graceful-shutdown", "20", "--log-level", "info"]
GRANIAN = ["-m", "granian", "--port", "{port}", "--workers", "1", "--log-level", "info"]
SERVERS = {
    "gunicorn-sync": ([*GUNICORN, "guest:app"], "Listening at: "),
    "gunicorn-gthread": ([*GUNICORN, "--threads", "4", "guest:app"], "Listening at: "),
    "granian-wsgi": ([*GRANIAN, "--interface", "wsgi", "guest:app"], "Started worker-1"),
    "uvicorn-asyncio": ([*UVICORN, "--loop", "asyncio", "guest:app.asgi"], "Uvicorn running on "),
    "uvicorn-uvloop": ([*UVICORN, "--loop", "uvloop", "guest:asgi"], "Uvicorn running on "),
    "hypercorn": (["-m", "hypercorn", "--bind", "127.0.0.1:0", "guest:asgi"], "Running on "),
    "granian-asgi": ([*GRANIAN, "--interface", "asgi", "guest:app.asgi"], "Started worker-1"),
}
ASGI = [name for name in SERVERS if name.startswith(("uvicorn", "hypercorn")) or name.endswith("asgi")]
THREADED = [name for name in SERVERS if name != "gunicorn-sync"]  # which answer several requests at a time


class Guest(Served):
    """The program above under one of the servers."""

    def __init__(self, name: str, folder: Path) -> None:
        (folder / "guest.py").write_text(dedent(PROGRAM))
        command, announcement = SERVERS[name]
        port = free_port()
        command = [sys.executable, *(part.format(port=port) for part in command)]
        super().__init__(command, folder, {"PYTHONPATH": f"{folder}:{os.environ.get('PYTHONPATH', '')}"}, announcement)
        self.name, self.folder = name, folder
        if not self.port:
            self.host, self.port = "127.0.0.1", port
            while not self._is_listening():
                threading.Event().wait(0.01)

    def _is_listening(self) -> bool:
        with socket.socket() as sock:
            return sock.connect_ex((self.host, self.port)) == 0

    def until(self, name: str) -> None:
        """Wait until the program has made a file of this name."""
        waiting = threading.Event()
        while not (self.folder / name).exists():
            assert self.process.poll() is None, self.output
            waiting.wait(0.01)


def free_port() -> int:
    """Return a port that was free a moment ago, for servers that take no port 0."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


@pytest.fixture(scope="module")
def guests(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Guest]]:
    """Start each server once; they are stopped in the end, and say nothing about errors of their own."""
    running: dict[str, Guest] = {}

    def start(name: str) -> Guest:
        if name not in running:
            running[name] = Guest(name, tmp_path_factory.mktemp(name))
        return running[name]

    yield start
    for guest in running.values():
        status = guest.stop()
        assert status in (0, -15), guest.output
        failures = guest.output.count("\nZeroDivisionError")
        assert guest.output.count("Traceback") == failures, guest.output
        if guest.name in ASGI:
            assert (guest.folder / "stopped").exists(), guest.output


@pytest.fixture(params=SERVERS)
def guest(request: pytest.FixtureRequest, guests: Callable[[str], Guest]) -> Guest:
    """Each of the servers."""
    return guests(request.param)


def told(guest: Guest, path: str, *arguments: Any, **headers: str) -> Any:
    """Ask, and return the JSON that comes."""
    status, text = guest.ask(path, *arguments, **headers)
    assert status in (200, 201), (status, text, guest.output)
    return json.loads(text)


def test_views_get_what_was_asked(guest: Guest) -> None:
    """Paths, queries, the client's address, what isn't there, and errors, which the app answers itself."""
    assert told(guest, "/hello/%E7%86%8A?times=2") == {
        "hello": ["熊", "熊"],
        "url": f"{guest.url}/hello/%E7%86%8A?times=2",
        "peer": "127.0.0.1",
        "root": "",
    }
    assert guest.ask("/nope")[0] == 404
    assert guest.ask("/hello/x", "POST")[0] == 405
    assert guest.ask("/broken")[0] == 500
    assert guest.ask("/hello/x", "HEAD") == (200, "")
    assert guest.ask("/door/in?x=1") == (200, "door at /door, /in")


def test_views_wait_spawn_and_await(guest: Guest) -> None:
    """As under Spruce's own server, and in OS threads where they ask for one."""
    for _ in range(3):
        assert told(guest, "/waits") == {"spawned": [0, 1, 2], "awaited": "awaited"}
    assert guest.ask("/async") == (200, "async")
    assert guest.ask("/thread") == (200, "blocked")


def test_what_was_spawned_goes_on_behind_the_response(guest: Guest) -> None:
    """The hub runs also while the server has nothing to do."""
    before = told(guest, "/jobs")["jobs"]
    assert guest.ask("/later") == (200, "soon")
    while told(guest, "/jobs")["jobs"] == before:
        pass


@pytest.mark.parametrize("name", THREADED)
def test_requests_at_the_same_time_share_one_hub(guests: Callable[[str], Guest], name: str) -> None:
    """Green threads of two requests see each other, whichever OS threads the server uses."""
    guest = guests(name)
    with ThreadPoolExecutor(2) as threads:
        answers = list(threads.map(lambda who: told(guest, f"/meet?who={who}"), "ab"))
    assert answers == [["a", "b"]] * 2


def test_views_use_the_database(guest: Guest) -> None:
    """From several requests at a time, each in a transaction."""
    form = {"Content_Type": "application/x-www-form-urlencoded"}
    with ThreadPoolExecutor(4) as threads:
        counts = list(threads.map(lambda _: told(guest, "/visits", "POST", b"name=panda", **form)["visits"], range(8)))
    assert max(counts) == 8


@pytest.mark.parametrize("chunked", [False, True])
def test_bodies_are_streamed_up_and_down(guest: Guest, chunked: bool) -> None:
    """Four megabytes each way, with and without a length."""
    body = os.urandom(4 * 1024 * 1024)
    connection = HTTPConnection(guest.host, guest.port, timeout=30)
    pieces = (body[start : start + 100_000] for start in range(0, len(body), 100_000))
    connection.request(
        "POST",
        "/upload",
        pieces if chunked else body,
        encode_chunked=chunked,
        headers={"Transfer-Encoding": "chunked"} if chunked else {},
    )
    answer = json.loads(connection.getresponse().read())
    assert answer["digest"] == hashlib.sha256(body).hexdigest()
    assert answer["pieces"] > 1
    connection.request("GET", "/download")
    response = connection.getresponse()
    assert response.read() == b"x" * 4 * 1024 * 1024
    connection.close()


def test_a_piece_is_sent_when_it_is_there(guest: Guest) -> None:
    """The view waits for the client to have got the first one."""
    connection = HTTPConnection(guest.host, guest.port, timeout=30)
    connection.request("GET", "/steps")
    response = connection.getresponse()
    assert response.read1() == b"one"
    (guest.folder / "two").touch()
    assert response.read() == b"two"
    connection.close()


def test_a_client_that_leaves_ends_an_endless_stream(guest: Guest) -> None:
    """The generator's `finally` runs."""
    connection = HTTPConnection(guest.host, guest.port, timeout=30)
    connection.request("GET", "/endless")
    response = connection.getresponse()
    assert response.read(8) == b"tick" * 2
    response.close()
    connection.close()
    guest.until("left")


@pytest.mark.parametrize("name", ASGI)
def test_websockets_talk_and_close(guests: Callable[[str], Guest], name: str) -> None:
    """Text and bytes; either side says the end, with code and reason."""
    guest = guests(name)
    url = f"ws://{guest.host}:{guest.port}"
    with connect(f"{url}/ws/panda", proxy=None) as websocket:
        assert websocket.recv() == "welcome to panda"
        for message in ("熊猫", b"\x00\xff", "x" * 100_000):
            websocket.send(message)
            assert websocket.recv() == message
        websocket.send("leave")
        with pytest.raises(ConnectionClosed):
            websocket.recv()
        assert (websocket.close_code, websocket.close_reason) == (4001, "bye")
    guest.until("closed-4001")
    with connect(f"{url}/ws/panda", proxy=None) as websocket:
        websocket.recv()
        websocket.close(4002, "enough")
    guest.until("closed-1006" if name == "hypercorn" else "closed-4002")  # hypercorn doesn't pass the code on
    with connect(f"{url}/push", proxy=None) as websocket:
        websocket.recv()
    guest.until("pushed")
    with connect(f"{url}/failing", proxy=None) as websocket, pytest.raises(ConnectionClosed):
        websocket.recv()
    assert websocket.close_code == 1011


@pytest.mark.parametrize("name", ASGI)
def test_websockets_are_agreed_on_or_refused(guests: Callable[[str], Guest], name: str) -> None:
    """By subprotocol and origin; a path that isn't there; and a plain request."""
    guest = guests(name)
    url = f"ws://{guest.host}:{guest.port}"
    with connect(f"{url}/private", proxy=None, subprotocols=["v1", "v2"]) as websocket:
        assert (websocket.recv(), websocket.subprotocol) == ("v2", "v2")
    with pytest.raises(InvalidStatus) as refused, connect(f"{url}/private", proxy=None, origin="https://evil.example"):
        pass
    assert refused.value.response.status_code == 403
    with pytest.raises(InvalidStatus) as refused, connect(f"{url}/nope", proxy=None):
        pass
    assert refused.value.response.status_code == 404
    assert guest.ask("/ws/panda")[0] == 426


@pytest.mark.parametrize("name", SERVERS)
def test_what_is_in_flight_is_finished_before_the_end(name: str, tmp_path: Path) -> None:
    """The server is told to stop while a view waits."""
    guest = Guest(name, tmp_path)
    with ThreadPoolExecutor(1) as threads:
        answer = threads.submit(guest.ask, "/slow")
        guest.until("begun")
        guest.process.terminate()
        (tmp_path / "go").touch()
        assert answer.result() == (200, "done")
    assert guest.stop() in (0, -15), guest.output
