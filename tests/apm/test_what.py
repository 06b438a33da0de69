"""What spans are, and labels."""

from spruce.apm.what import What, bridged_labels, clean_labels


def test_what_is_known_of_one_is_kept_by_itself() -> None:
    """A context is a dict, so it couldn't be hashed; two that are equal are two."""
    one, other = (What("SELECT FROM a", "db", context={"db": {"type": "sql"}}) for _ in range(2))
    known = {one: 1, other: 2}
    assert one == other
    assert (known[one], known[other]) == (1, 2)


def test_labels_as_elastic_takes_them() -> None:
    """Names without dots and stars; texts of a bounded length."""
    assert clean_labels({'a.b*c"': 1, "t": True, "n": None, "o": [1], "long": "x" * 2000}) == {
        "a_b_c_": 1,
        "t": True,
        "n": None,
        "o": "[1]",
        "long": "x" * 1024,
    }


def test_attributes_as_labels() -> None:
    """Elastic knows no lists in labels."""
    assert bridged_labels({"a.b": ["x", 1], "c": 2}) == {"a_b": "x, 1", "c": 2}
