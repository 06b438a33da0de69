"""Static files by names with a hash."""

from hashlib import sha256
from pathlib import Path

import pytest

from spruce.errors import RoutingError
from spruce.web import App, Blueprint, render_template_string, static
from spruce.web.assets import fingerprint, unhashed


@pytest.fixture
def app(tmp_path: Path) -> App:
    """An app with a stylesheet, and a blueprint with a script."""
    (tmp_path / "static" / "css").mkdir(parents=True)
    (tmp_path / "static" / "css" / "shop.css").write_text("body {}")
    (tmp_path / "static" / "LICENSE").write_text("free")
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "a.js").write_text("1")
    app = App(__name__, root_path=str(tmp_path))
    blueprint = Blueprint("admin", __name__, root_path=str(tmp_path), static_folder="files", url_prefix="/admin")
    blueprint.add_url_rule("/", "index", lambda: render_template_string("{{ static('a.js', '.static') }}"))
    app.register_blueprint(blueprint)
    return app


def test_a_file_is_named_with_its_hash_and_kept_for_good(app: App) -> None:
    """With an ETag as before; its plain name is asked for each time."""
    with app.test_request_context():
        url = static("css/shop.css")
        assert render_template_string("{{ static('LICENSE') }}").startswith("/static/LICENSE.")
    assert url == f"/static/css/shop.{sha256(b'body {}').hexdigest()[:12]}.css"
    client = app.test_client()
    hashed, plain = client.get(url), client.get("/static/css/shop.css")
    assert (hashed.text, hashed.headers["Cache-Control"]) == ("body {}", "public, max-age=31536000, immutable")
    assert (plain.text, plain.headers["Cache-Control"]) == ("body {}", "no-cache")
    assert client.get(url, headers={"If-None-Match": plain.headers["ETag"]}).status_code == 304


def test_a_file_that_has_changed_has_another_name(app: App, tmp_path: Path) -> None:
    """Its old name still gives it, but not for good."""
    with app.test_request_context():
        before = static("css/shop.css")
        (tmp_path / "static" / "css" / "shop.css").write_text("body { margin: 0 }")
        after = static("css/shop.css")
    assert before != after
    old = app.test_client().get(before)
    assert (old.text, old.headers["Cache-Control"]) == ("body { margin: 0 }", "no-cache")


def test_files_of_a_blueprint_are_named_too(app: App) -> None:
    """From outside by its endpoint, from inside by a dot."""
    client = app.test_client()
    url = client.get("/admin/").text
    assert client.get(url).text == "1"
    with app.test_request_context():
        assert static("a.js", "admin.static") == url


def test_a_file_that_is_not_there_is_an_error(app: App, tmp_path: Path) -> None:
    """With the nearest name; asked for by a client it is a 404."""
    with app.test_request_context():
        with pytest.raises(RoutingError) as caught:
            static("css/shp.css")
        assert str(caught.value) == (
            f"there is no static file 'css/shp.css'; did you mean 'css/shop.css'? The folder is {tmp_path / 'static'}."
        )
        with pytest.raises(RoutingError, match=r"^static\('x'\): the endpoint 'nope' has no static files$"):
            static("x", "nope")
    client = app.test_client()
    assert client.get("/static/x.0123456789ab.css").status_code == 404
    assert client.get("/static/../x.0123456789ab.css").status_code == 404


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a.0123456789ab.css", ("a.css", "0123456789ab")),
        ("a/b.min.0123456789ab.js", ("a/b.min.js", "0123456789ab")),
        ("LICENSE.0123456789ab", ("LICENSE", "0123456789ab")),
        ("a.0123456789AB.css", None),
        ("a.css", None),
        (".0123456789ab.css", None),
    ],
)
def test_a_hash_is_taken_out_of_a_name(name: str, expected: object) -> None:
    """Where there is one."""
    assert unhashed(name) == expected


def test_a_hash_is_that_of_the_content(tmp_path: Path) -> None:
    """Twelve digits of SHA-256."""
    (tmp_path / "a").write_bytes(b"abc")
    assert fingerprint(str(tmp_path / "a")) == "ba7816bf8f01"
