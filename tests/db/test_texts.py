"""Fields of text."""

from typing import Any

import pytest

from spruce import db
from spruce.errors import DataError, ModelError

pytestmark = pytest.mark.parametrize("backend", ["sqlite", "postgresql", "mariadb"], indirect=True)


class Host(db.Model):
    name = db.CharField(max_length=10, default="")
    mail = db.EmailField()
    link = db.URLField()
    slug = db.SlugField()
    ip = db.GenericIPAddressField(null=True)
    old = db.GenericIPAddressField(protocol="IPv4", unpack_ipv4=True, null=True)

    class Meta:
        db_table = "t_host"


def test_texts_have_lengths_of_their_own() -> None:
    """Django's; a slug has an index."""
    columns = Host.__table__.columns
    assert [columns[name].type.length for name in ("mail", "link", "slug", "ip")] == [254, 200, 50, 39]  # type: ignore[attr-defined] # of VARCHAR
    assert (columns["slug"].index, columns["mail"].index) == (True, None)


@pytest.mark.parametrize(
    ("name", "given", "kept"),
    [
        ("ip", "192.0.2.1", "192.0.2.1"),
        ("ip", "2001:0db8:0000:0000:0000:0000:0000:0001", "2001:db8::1"),
        ("ip", " ::1 ", "::1"),
        ("old", "::ffff:192.0.2.9", "192.0.2.9"),
    ],
)
def test_addresses_are_kept_in_their_shortest_form(name: str, given: str, kept: str) -> None:
    """So that equal ones are equal in the database too."""
    db.create_all(models=[Host])
    made = Host.objects.create(**{name: given})
    assert getattr(Host.objects.get(pk=made.pk), name) == kept
    assert getattr(made, name) == kept


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"ip": "192.0.2.256"}, "Host.ip cannot hold '192.0.2.256': it is no IP address"),
        ({"old": "::1"}, "Host.old cannot hold '::1': it is no IPv4 address"),
        ({"name": "x" * 11}, "Host.name cannot hold 'xxxxxxxxxxx': it has 11 characters, and max_length is 10"),
        (
            {"name": "\0"},
            "Host.name cannot hold '\\x00': it has the character NUL, which databases cannot search or store",
        ),
    ],
)
def test_what_does_not_fit(values: dict[str, Any], message: str) -> None:
    """Said with the value."""
    db.create_all(models=[Host])
    with pytest.raises(DataError) as refused:
        Host.objects.create(**values)
    assert str(refused.value) == message


def test_a_protocol_that_there_is_not() -> None:
    """Is refused where it stands."""
    with pytest.raises(ModelError) as refused:
        db.GenericIPAddressField(protocol="IPv5")  # type: ignore[arg-type] # which is the test
    assert str(refused.value) == "GenericIPAddressField(protocol='IPv5'): it is 'both', 'IPv4' or 'IPv6'"
