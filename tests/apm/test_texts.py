"""Texts and values as they can be written down."""

from spruce.apm.texts import kept_text, plain


def test_what_a_file_cannot_hold_is_made_fit() -> None:
    """Halves of pairs, and keys that are no texts."""
    assert kept_text("\ud800a") == "?a"
    assert kept_text("é") == "é"
    assert kept_text(7) == 7
    assert plain({"\udcff": [("\ud800", 1)], 2: None}) == {"?": [["?", 1]], "2": None}
