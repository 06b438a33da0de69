"""Names of files."""

import re

import pytest

from spruce.errors import UnsafeName
from spruce.storage.names import another, checked, shortened, valid


@pytest.mark.parametrize(
    ("given", "made"),
    [
        ("cat.png", "cat.png"),
        ("my cat (1).png", "my_cat_1.png"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\me\\cat.png", "cat.png"),
        ("熊猫 公仔.jpg", "熊猫_公仔.jpg"),
        ("a\0b\n.txt", "ab.txt"),
        (".htaccess", ".htaccess"),
    ],
)
def test_a_clients_name_becomes_a_plain_one(given: str, made: str) -> None:
    """Without folders and strange characters."""
    assert valid(given) == made


@pytest.mark.parametrize("name", ["", "..", "a/..", "???", "/", "."])
def test_names_of_which_nothing_is_left(name: str) -> None:
    """Are refused."""
    with pytest.raises(UnsafeName) as refused:
        valid(name)
    assert str(refused.value) == (f"{name!r} leaves no name for a file. Give the file a name with letters or digits.")


@pytest.mark.parametrize(
    "name", ["", "/etc/passwd", "../x", "a/../../x", "a\\..\\x", "a/", "C:/x", "c:x", "\\\\host\\x", "a\0"]
)
def test_paths_that_lead_out(name: str) -> None:
    """Are refused, in the spelling of Windows too."""
    with pytest.raises(UnsafeName) as refused:
        checked(name)
    assert str(refused.value) == (
        f"{name!r} is no path of a file inside of a storage. Use a relative path without '..'."
    )


def test_paths_that_stay_inside() -> None:
    """Are spelled with `/`."""
    assert [checked(name) for name in ("a.txt", "a/b.txt", "a\\b.txt", "./a//b", "a..b")] == [
        "a.txt", "a/b.txt", "a/b.txt", "a/b", "a..b",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("a/cat.png", r"a/cat_\w{7}\.png"),
        ("cat.tar.gz", r"cat_\w{7}\.tar\.gz"),
        ("cat", r"cat_\w{7}"),
        (".env", r"\.env_\w{7}"),
    ],
)
def test_another_name_cannot_be_guessed(name: str, form: str) -> None:
    """And keeps the suffix."""
    assert re.fullmatch(form, another(name))
    assert another(name) != another(name)


def test_long_names_are_cut_before_the_suffix() -> None:
    """Unless the suffix alone is too long."""
    assert shortened("folder/long-name.png", 15) == "folder/long.png"
    assert shortened("a.png", 5) == "a.png"
    with pytest.raises(UnsafeName) as refused:
        shortened("folder/a.png", 10)
    assert str(refused.value) == "'folder/a.png' cannot be cut to 10 characters. Raise the max_length of the field."
