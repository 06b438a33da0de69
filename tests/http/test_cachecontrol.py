"""Cache-Control as attributes."""

from spruce.http import Request, Response


def test_directives_are_attributes_of_a_response() -> None:
    """Assigning changes the header; the last one that goes takes it along."""
    response = Response()
    control = response.cache_control
    assert repr(control) == "<CacheControl without directives>"
    control.public = True
    control.max_age = 60
    control.stale_while_revalidate = 5
    assert response.headers["Cache-Control"] == "public, max-age=60, stale-while-revalidate=5"
    assert (control.public, control.no_store, control.max_age, control.s_maxage) == (True, False, 60, None)
    control.public = False
    control.stale_while_revalidate = None
    assert repr(control) == "<CacheControl max-age=60>"
    control.max_age = None
    assert "Cache-Control" not in response.headers


def test_directives_of_a_request_are_read() -> None:
    """Without regard to case, over several headers; a number that is none counts as missing."""
    request = Request("GET", "/", [(b"cache-control", b'No-Cache, max-stale="3"'), (b"cache-control", b"max-age=x")])
    control = request.cache_control
    assert (control.no_cache, control.max_stale, control.max_age) == (True, 3, None)
