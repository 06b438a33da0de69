"""Tokens: a secret under many masks."""

import pytest

from spruce.middleware.tokens import BadToken, check_format, is_match, mask, new_secret, unmask

SECRET = "0123456789abcdef" * 2


def test_a_secret_has_128_bits_and_is_new_each_time() -> None:
    assert len(new_secret()) == 32
    assert new_secret() != new_secret()


def test_a_mask_shows_the_secret_otherwise_each_time() -> None:
    tokens = {mask(SECRET) for _ in range(50)}
    assert len(tokens) == 50
    assert {unmask(token) for token in tokens} == {SECRET}
    assert not any(SECRET in token for token in tokens)


@pytest.mark.parametrize("secret", ["0" * 32, "f" * 32, SECRET, "0" * 31 + "1"])
def test_leading_zeros_are_kept(secret: str) -> None:
    assert unmask(mask(secret)) == secret


def test_a_token_and_the_secret_itself_match() -> None:
    """A script may send what it read from the cookie."""
    assert is_match(mask(SECRET), SECRET)
    assert is_match(SECRET, SECRET)
    assert not is_match(mask(new_secret()), SECRET)
    assert not is_match(64 * "a", SECRET)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "has the wrong length"),
        ("a" * 16, "has the wrong length"),
        ("a" * 65, "has the wrong length"),
        ("*" * 64, "has characters that don't belong there"),
        ("é" * 32, "has characters that don't belong there"),
        ("A" * 32, "has characters that don't belong there"),
    ],
)
def test_what_can_be_no_token_says_why(text: str, reason: str) -> None:
    with pytest.raises(BadToken) as caught:
        check_format(text)
    assert str(caught.value) == reason
