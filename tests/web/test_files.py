"""Files as responses."""

import os
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from spruce.errors import NotFound
from spruce.web import App, send_file, send_from_directory
from spruce.web.client import Client
from spruce.web.files import WHOLE, safe_join

CSS = b"body { color: green }"
BIG = bytes(range(256)) * (WHOLE // 256) * 2 + b"end"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return the root of an app with static files."""
    static = tmp_path / "static"
    static.mkdir()
    (static / "a.css").write_bytes(CSS)
    (static / "big.bin").write_bytes(BIG)
    (static / "empty.txt").write_bytes(b"")
    (static / "inner").mkdir()
    (static / "inner" / "熊猫.txt").write_text("panda")
    os.mkfifo(static / "pipe")
    (tmp_path / "secret.txt").write_text("secret")
    os.utime(static / "a.css", (1_700_000_000, 1_700_000_000))
    return tmp_path


@pytest.fixture
def client(folder: Path) -> Client:
    """Return a client of the app."""
    return App(__name__, root_path=str(folder)).test_client()


def test_a_static_file_is_served_with_its_type(client: Client) -> None:
    """And with what a browser needs to ask again cheaply."""
    response = client.get("/static/a.css")
    assert (response.status_code, response.data) == (200, CSS)
    headers = {
        name: response.headers[name] for name in ("Content-Type", "Cache-Control", "Last-Modified", "Accept-Ranges")
    }
    assert headers == {
        "Content-Type": "text/css; charset=utf-8",
        "Cache-Control": "no-cache",
        "Last-Modified": "Tue, 14 Nov 2023 22:13:20 GMT",
        "Accept-Ranges": "bytes",
    }
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert client.get("/static/inner/%E7%86%8A%E7%8C%AB.txt").text == "panda"
    assert client.get("/static/empty.txt").data == b""


def test_a_long_file_is_streamed_with_its_length(client: Client) -> None:
    """In pieces, whole when put together."""
    response = client.get("/static/big.bin")
    assert response.data == BIG
    assert response.headers["Content-Length"] == str(len(BIG))
    head = client.head("/static/big.bin")
    assert (head.data, head.headers["Content-Length"]) == (b"", str(len(BIG)))


@pytest.mark.parametrize(
    "path",
    [
        "/static/../secret.txt",
        "/static/%2e%2e/secret.txt",
        "/static/..%2fsecret.txt",
        "/static/inner/../../secret.txt",
        "/static/..\\secret.txt",
        "/static/./a.css",
        "/static/inner",
        "/static/pipe",
        "/static/none.css",
        "/static/" + "a" * 5000,
    ],
)
def test_nothing_else_is_served(client: Client, path: str) -> None:
    """No way leads out of the folder, folders and pipes are no files."""
    assert client.get(path).status_code == 404


@pytest.mark.parametrize("path", ["//etc/passwd", "/etc/passwd", "..", "a/../b", "a//b", "", "a\\..\\b", "a/\0"])
def test_a_path_that_leads_out_is_not_found(path: str) -> None:
    """Whoever asks."""
    with pytest.raises(NotFound):
        safe_join("/srv", path)


def test_an_unchanged_file_is_a_304(client: Client) -> None:
    """By ETag, which goes before the date."""
    response = client.get("/static/a.css")
    etag, date = response.headers["ETag"], response.headers["Last-Modified"]
    for headers, status in (
        ({"If-None-Match": etag}, 304),
        ({"If-None-Match": f'"x", W/{etag}'}, 304),
        ({"If-None-Match": "*"}, 304),
        ({"If-None-Match": '"x"'}, 200),
        ({"If-None-Match": '"x"', "If-Modified-Since": date}, 200),
        ({"If-Modified-Since": date}, 304),
        ({"If-Modified-Since": "Wed, 15 Nov 2023 22:13:20 GMT"}, 304),
        ({"If-Modified-Since": "Mon, 13 Nov 2023 22:13:20 GMT"}, 200),
        ({"If-Modified-Since": "yesterday"}, 200),
    ):
        again = client.get("/static/a.css", headers=headers)
        assert (again.status_code, again.data) == (status, b"" if status == 304 else CSS), headers
        assert again.headers["ETag"] == etag


@pytest.mark.parametrize(
    ("asked", "status", "first", "last"),
    [
        ("bytes=0-3", 206, 0, 3),
        ("bytes=5-", 206, 5, 20),
        ("bytes=-5", 206, 16, 20),
        ("bytes=-500", 206, 0, 20),
        ("bytes=5-500", 206, 5, 20),
        ("bytes=3-2", 200, 0, 20),
        ("bytes=0-1,3-4", 200, 0, 20),
        ("bytes=-", 200, 0, 20),
        ("lines=1-2", 200, 0, 20),
        ("bytes=a-b", 200, 0, 20),
        (f"bytes=5-{'9' * 30}", 206, 5, 20),
        (f"bytes=-{'9' * 5000}", 206, 0, 20),
        (f"bytes=0-{'9' * 5000}", 206, 0, 20),
        (f"bytes={'0' * 5000}5-7", 206, 5, 7),
    ],
)
def test_a_range_is_a_part_of_the_file(client: Client, asked: str, status: int, first: int, last: int) -> None:
    """RFC 9110, 14.2: what isn't understood is the whole file."""
    response = client.get("/static/a.css", headers={"Range": asked})
    assert (response.status_code, response.data) == (status, CSS[first : last + 1])
    assert response.headers.get("Content-Range") == (f"bytes {first}-{last}/21" if status == 206 else None)


@pytest.mark.parametrize("asked", ["bytes=21-", "bytes=99-100", "bytes=-0", f"bytes={'9' * 5000}-"])
def test_a_range_behind_the_end_is_a_416(client: Client, asked: str) -> None:
    """With the length that there is."""
    response = client.get("/static/a.css", headers={"Range": asked})
    assert (response.status_code, response.headers["Content-Range"]) == (416, "bytes */21")


def test_a_range_of_a_changed_file_is_the_whole_file(client: Client) -> None:
    """If-Range names the version that the client has."""
    response = client.get("/static/a.css")
    for condition, status in (
        (response.headers["ETag"], 206),
        (response.headers["Last-Modified"], 206),
        ('"x"', 200),
        ("Mon, 13 Nov 2023 22:13:20 GMT", 200),
    ):
        asked = client.get("/static/a.css", headers={"Range": "bytes=0-3", "If-Range": condition})
        assert asked.status_code == status


def test_a_long_range_is_streamed(client: Client) -> None:
    """And ends where it should."""
    response = client.get("/static/big.bin", headers={"Range": f"bytes=1-{WHOLE + 10}"})
    assert response.data == BIG[1 : WHOLE + 11]
    assert response.headers["Content-Length"] == str(WHOLE + 10)


def sent(folder: Path, function: Any, *args: Any, **options: Any) -> Any:
    """Return the response to a view that sends a file."""
    app = App(__name__, root_path=str(folder), static_folder=None)
    app.add_url_rule("/", "view", lambda: function(*args, **options))
    return app.test_client().get("/")


def test_send_file_names_a_download(folder: Path) -> None:
    """In ASCII, and in full where that is not enough (RFC 6266)."""
    response = sent(folder, send_file, "static/a.css", as_attachment=True, max_age=60)
    assert response.data == CSS
    assert response.headers["Content-Disposition"] == 'attachment; filename="a.css"'
    assert response.headers["Cache-Control"] == "public, max-age=60"
    response = sent(folder, send_file, "static/a.css", download_name='熊"猫.csv', etag=False, last_modified=0)
    assert response.headers["Content-Disposition"] == (
        "inline; filename=\"___.csv\"; filename*=UTF-8''%E7%86%8A%22%E7%8C%AB.csv"
    )
    assert response.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert "ETag" not in response.headers
    assert response.headers["Last-Modified"] == "Thu, 01 Jan 1970 00:00:00 GMT"


def test_send_file_takes_an_open_file(folder: Path) -> None:
    """Which needs a type, or a name to tell it from."""
    response = sent(folder, send_file, BytesIO(b"a,b\n"), download_name="a.csv")
    assert (response.data, response.mimetype) == (b"a,b\n", "text/csv")
    with (
        App(__name__).test_request_context(),
        pytest.raises(TypeError, match=r"^send_file\(\) of an open file needs a mimetype or a download_name to tell "),
    ):
        send_file(BytesIO())


def test_send_from_directory_stays_below_it(folder: Path) -> None:
    """The name may come from a client."""
    assert sent(folder, send_from_directory, "static", "a.css").data == CSS
    assert sent(folder, send_from_directory, "static", "../secret.txt").status_code == 404


def test_a_packed_file_is_sent_as_what_it_is(folder: Path) -> None:
    """No browser unpacks it on the way."""
    (folder / "static" / "a.tar.gz").write_bytes(b"\x1f\x8b")
    response = sent(folder, send_file, "static/a.tar.gz")
    assert (response.headers["Content-Type"], response.headers.get("Content-Encoding")) == ("application/gzip", None)


def test_a_static_folder_may_be_elsewhere(folder: Path) -> None:
    """Under a path of its own; None serves none."""
    app = App(__name__, static_folder=str(folder / "static"), static_url_path="/assets/")
    assert app.test_client().get("/assets/a.css").data == CSS
    assert App(__name__, static_folder=None).test_client().get("/static/a.css").status_code == 404
