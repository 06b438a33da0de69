"""Foreign keys: their declarations, and the other side."""

from types import SimpleNamespace
from typing import Any

import pytest

from spruce import db
from spruce.errors import ModelError


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: db.ForeignKey("self", "CASCADE"),  # type: ignore[call-overload] # the point of the test
         "ForeignKey: on_delete is one of CASCADE, PROTECT, SET_NULL …, not 'CASCADE'"),
        (lambda: db.ForeignKey("self", db.SET_NULL), "ForeignKey: on_delete=SET_NULL needs null=True"),
        (lambda: db.ForeignKey(int, db.CASCADE),
         "ForeignKey takes a model with a table, or the name of one, not <class 'int'>"),
    ],
)  # fmt: skip
def test_declarations_that_cannot_work(make: Any, message: str) -> None:
    """Are refused where they stand."""
    with pytest.raises(ModelError) as refused:
        make()
    assert str(refused.value) == message


def test_the_other_side_needs_names_that_differ(shop: SimpleNamespace) -> None:
    """From fields there, and from each other."""
    for name, message in (
        ("name", "Clash.maker would be 'name' on Maker, which has a field of that name. "
                 "Give the ForeignKey another related_name."),
        ("category_set", "Clash.maker and Category.maker would both be 'category_set' on Maker. "
                         "Give one of them another related_name."),
    ):  # fmt: skip
        with pytest.raises(ModelError) as refused:
            type(db.Model)(
                "Clash",
                (db.Model,),
                {
                    "__module__": __name__,
                    "Meta": type("Meta", (), {"db_table": f"t_clash_{name}"}),
                    "maker": db.ForeignKey(shop.Maker, on_delete=db.CASCADE, related_name=name),
                },
            )
        assert str(refused.value) == message
