"""What statuses are called, beside what the standard library calls them."""

from http import HTTPStatus

from spruce.errors.phrases import PHRASES


def test_every_status_that_the_standard_library_knows_has_a_phrase() -> None:
    assert [status.value for status in HTTPStatus if status.value not in PHRASES] == []


def test_phrases_go_into_a_status_line() -> None:
    """RFC 9112 section 4: visible ASCII and spaces, none at the ends."""
    assert [
        text for text in PHRASES.values() if not text.isascii() or not text.isprintable() or text != text.strip()
    ] == []
