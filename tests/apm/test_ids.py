"""Ids: what W3C Trace Context wants, and those of a transaction's leaves."""

from spruce.apm.ids import ENDS, leaf_id, new_id


def test_ids_are_hexadecimal_and_differ() -> None:
    """As W3C Trace Context wants them."""
    assert len({new_id() for _ in range(100)}) == 100
    assert (len(new_id()), len(new_id(32))) == (16, 32)
    int(new_id(32), 16)


def test_leaves_are_numbered_from_the_id_of_their_transaction() -> None:
    """Also behind those whose last digits are known by heart, and behind the three zeros."""
    transaction = "abcdef0123456000"
    assert [leaf_id(transaction, place) for place in (0, 499)] == ["abcdef0123456001", "abcdef01234561f4"]
    assert leaf_id(transaction, len(ENDS) - 1) == "abcdef0123456400"
    assert leaf_id(transaction, len(ENDS)) == "abcdef0123456401"
    assert leaf_id(transaction, 4095) == "abcdef0123457000"
